import type { ObjectMeta } from '../kinds.ts';
import type { Findings } from '../validation-findings.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** @returns 0 when nothing is said of it, `undefined` when it is no whole number of 32 bits */
export function deletionCost(meta: ObjectMeta | undefined): number | undefined {
  const text = meta?.annotations?.[DELETION_COST];
  if (text === undefined) return 0;
  const cost = /^(?:0|[1-9]\d*|-\d+)$/.test(text) ? Number(text) : Number.NaN;
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : undefined;
}

/** One that was stored may stay as it is: who only writes a status can't mend it. */
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
