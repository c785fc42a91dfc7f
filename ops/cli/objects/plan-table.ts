import type { Column } from '../../../contracts/kinds/kind.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';

export interface TableOptions {
  readonly wide?: boolean;
  /** Adds a first column with the namespace. */
  readonly namespaces?: boolean;
  /** Writes names as `<prefix>/<name>`, for output of several kinds: `pod/web-1`. */
  readonly namePrefix?: string;
  readonly showLabels?: boolean;
}

/** Rows of plain text; the first is the header. Pure. */
export function planTable<T extends KubeObject>(
  columns: readonly Column<T>[],
  objects: readonly T[],
  nowMs: number,
  options: TableOptions = {},
): string[][] {
  const shown = columns.filter((column) => options.wide === true || column.priority === 0);
  const header = shown.map((column) => column.name);
  if (options.namespaces === true) header.unshift('NAMESPACE');
  if (options.showLabels === true) header.push('LABELS');
  return [header, ...objects.map((object) => planRow(shown, object, nowMs, options))];
}

function planRow<T extends KubeObject>(
  columns: readonly Column<T>[],
  object: T,
  nowMs: number,
  options: TableOptions,
): string[] {
  const row = columns.map((column) => oneLine(column.value(object, nowMs)));
  const at = columns.findIndex((column) => column.name === 'NAME');
  if (options.namePrefix !== undefined && at >= 0) row[at] = `${options.namePrefix}/${row[at] ?? ''}`;
  if (options.namespaces === true) row.unshift(object.metadata?.namespace ?? '');
  if (options.showLabels === true) row.push(labelsText(object));
  return row;
}

function labelsText(object: KubeObject): string {
  const labels = (object.metadata as { labels?: Record<string, string> } | undefined)?.labels ?? {};
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.toSorted().join(',');
}

// Cells may hold text of objects (messages, labels): control characters must not reach the terminal.
const oneLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ');

const GAP = '   ';

/** Widths of all columns but the last, at least `atLeast` each. */
export function columnWidths(rows: readonly (readonly string[])[], atLeast: readonly number[] = []): number[] {
  const widths = [...atLeast];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, width(cell));
  }
  return widths;
}

/**
 * A row in kubectl's layout: three spaces between columns, nothing after the last.
 * @param paint colours a cell; its width is measured before
 */
export function formatRow(
  row: readonly string[],
  widths: readonly number[],
  paint: (cell: string, at: number) => string = (cell) => cell,
): string {
  let line = '';
  for (const [at, cell] of row.entries()) {
    const last = at === row.length - 1;
    line += paint(cell, at) + (last ? '' : ' '.repeat(Math.max(0, (widths[at] ?? 0) - width(cell))) + GAP);
  }
  return line.trimEnd();
}

export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(rows);
  return rows.map((row) => `${formatRow(row, widths)}\n`).join('');
}

const width = (text: string): number => Array.from(text).length;
