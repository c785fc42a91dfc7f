import { humanDuration } from '../../time/duration.ts';
import { parseRfc3339 } from '../../time/rfc3339.ts';
import type { Column } from '../kind.ts';
import type { CustomResourceColumnDefinition, CustomResourceDefinitionVersion, KubeObject } from '../kinds.ts';
import { AGE, NAME } from '../meta/columns.ts';
import { pathReader, textOf } from './json-path.ts';

export type ColumnOf = readonly Column[];

/** The table of a custom kind: its name, and then the columns of the definition, or the age if it defines none. */
export const printerColumns = ({ additionalPrinterColumns: defined }: CustomResourceDefinitionVersion): ColumnOf => [
  NAME,
  ...(defined === undefined || defined.length === 0 ? [AGE] : defined.map(columnOf)),
];

function columnOf({ name, type, jsonPath, priority }: CustomResourceColumnDefinition): Column {
  const read = pathReader(jsonPath);
  return {
    name: name.toUpperCase(),
    priority: (priority ?? 0) > 0 ? 1 : 0,
    value: (object: KubeObject, now) => cellText(read?.(object) ?? [], type, now),
  };
}

/** The text of a cell, as kubectl prints it. */
function cellText(values: readonly unknown[], type: string, now: number): string {
  const present = values.filter((value) => value !== undefined && value !== null);
  if (present.length === 0) return '';
  if (type === 'date') return ageOf(present[0], now);
  return present.map(textOf).join(',');
}

function ageOf(value: unknown, now: number): string {
  const then = typeof value === 'string' ? parseRfc3339(value) : Number.NaN;
  return Number.isNaN(then) ? '<invalid>' : humanDuration(now - then);
}
