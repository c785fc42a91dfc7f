import type { ObjectMeta } from '../kinds.ts';
import type { Findings } from '../validation-findings.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** A pod's deletion cost. @returns 0 without the annotation; `undefined` when its value is not a 32-bit whole number */
export function deletionCost(meta: ObjectMeta | undefined): number | undefined {
  const text = meta?.annotations?.[DELETION_COST];
  if (text === undefined) return 0;
  const cost = /^(?:0|[1-9]\d*|-\d+)$/.test(text) ? Number(text) : Number.NaN;
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : undefined;
}

/** An invalid cost that is already stored is accepted: a status writer cannot correct it. */
export function checkDeletionCost(
  meta: ObjectMeta | undefined,
  old: ObjectMeta | undefined,
  at: string,
  findings: Findings,
): void {
  if (deletionCost(meta) !== undefined || deletionCost(old) === undefined) return;
  findings.invalid(
    `${at}.annotations[${DELETION_COST}]`,
    meta?.annotations?.[DELETION_COST],
    'must be a 32bit integer',
  );
}
