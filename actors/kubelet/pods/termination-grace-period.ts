import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { GRACE_MS_MAX } from '../../../contracts/runtime/ops.ts';
import type { PodInput } from './pod-types.ts';

const DEFAULT_SECONDS = 30;
/** A pod that left the store while it ran was force-deleted: its containers get at most this. */
const FORCE_DELETED_SECONDS = 2;

/** Seconds that the pod's containers have to stop: of the deletion request, else of the spec, else 30. */
export function gracePeriodSeconds(pod: Pod): number {
  const asked = pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_SECONDS;
  return Math.min(asked, Math.floor(GRACE_MS_MAX / 1000));
}

/** The same; a pod that is evicted has less. */
export const stopSeconds = (pod: Pod, { failed }: PodInput['state']): number =>
  Math.min(gracePeriodSeconds(pod), failed?.graceSeconds ?? Number.POSITIVE_INFINITY);

/** Milliseconds that a stop may take as of now. While a stop is in progress this may only become shorter. */
export const stopGraceMs = ({ dispatched, state }: Pick<PodInput, 'dispatched' | 'state'>): number =>
  1000 *
  (dispatched === undefined ? Math.min(state.graceSeconds, FORCE_DELETED_SECONDS) : stopSeconds(dispatched.pod, state));
