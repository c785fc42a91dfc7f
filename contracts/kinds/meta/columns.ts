import { humanDuration } from '../../time/duration.ts';
import { parseRfc3339 } from '../../time/rfc3339.ts';
import type { Column } from '../kind.ts';
import type { KubeObject } from '../kinds.ts';

/** `3d4h`; `<unknown>` when the moment is absent or unreadable. */
export function ageSince(moment: string | undefined, nowMillis: number): string {
  const then = parseRfc3339(moment);
  return Number.isNaN(then) ? '<unknown>' : humanDuration(nowMillis - then);
}

/** A column that is always shown. */
export const column = <T>(name: string, value: Column<T>['value']): Column<T> => ({ name, priority: 0, value });
/** A column of `-o wide`. */
export const wide = <T>(name: string, value: Column<T>['value']): Column<T> => ({ name, priority: 1, value });

export const NAME: Column<KubeObject> = column('NAME', (object: KubeObject) => object.metadata?.name ?? '');
export const AGE: Column<KubeObject> = column('AGE', (object: KubeObject, now) =>
  ageSince(object.metadata?.creationTimestamp, now),
);

/** What kubectl prints for nothing. */
export const orNone = (text: string | undefined): string => (text === undefined || text === '' ? '<none>' : text);

/** The moment of creation, as kubectl prints it for roles. */
export const CREATED_AT: Column<KubeObject> = column(
  'CREATED AT',
  (object: KubeObject) => object.metadata?.creationTimestamp ?? '<unknown>',
);
