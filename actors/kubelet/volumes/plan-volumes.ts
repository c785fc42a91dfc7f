import { failedAgain } from '../containers/crash-loop-backoff.ts';
import type { Failure, PodNote, PodVerb, PresentPod } from '../pods/pod-types.ts';
import { podVolumes, volumesVersion } from './pod-volumes.ts';

/** Back-off after a volume that could not be made, as in Kubernetes: 0.5 s, doubling to about 2 min. */
const FIRST_MS = 500;
const MOST_MS = 122_000;

export interface VolumesPlan {
  readonly verb?: PodVerb;
  /** Containers may start: the volumes were made, or there are none. */
  readonly ready: boolean;
  /** When to try again; milliseconds since the Unix epoch. */
  readonly until?: number;
  readonly failure?: Failure;
  readonly notes: readonly PodNote[];
}

/** Decides whether a pod's volumes must be made, or made again because their content changed. Pure and total. */
export function planVolumes({ dispatched, level, state, node, now }: PresentPod): VolumesPlan {
  const version = volumesVersion(dispatched);
  if (version === undefined) return { ready: true, notes: [] };
  const folder = level.folders?.[0];
  const ready = folder !== undefined && folder.version !== '';
  const { refreshAt } = folder ?? {};
  const isDue = folder?.version !== version || (refreshAt !== undefined && now >= refreshAt);
  if (!isDue) return { ready, notes: [], ...(refreshAt === undefined ? {} : { until: refreshAt }) };
  const failure = state.volumes?.failure;
  if (failure?.version === version && now < failure.until) return { ready, failure, until: failure.until, notes: [] };
  const { config, failures } = podVolumes({ dispatched, node }, version);
  const verb: PodVerb = { op: 'setUpVolumes', body: config, wanted: version };
  const [message] = failures;
  if (message === undefined) return { ready, notes: [], verb, ...(failure === undefined ? {} : { failure }) };
  const again = mountFailed(failure, version, message, now);
  // A pod that runs gets the new content of its other volumes.
  const rest = ready && config.volumes.length > 0 ? { verb } : {};
  return { ready, failure: again, until: again.until, notes: failures.map(failedMount), ...rest };
}

export const failedMount = (message: string): PodNote => ({ type: 'Warning', reason: 'FailedMount', message });

/** Counts one more failure; other content is tried at once. Pure. */
export const mountFailed = (
  before: Failure | undefined,
  version: string,
  message: string,
  now: number,
): Failure & { readonly version: string } => ({
  ...failedAgain(before?.version === version ? before : undefined, 'FailedMount', message, now, FIRST_MS, MOST_MS),
  version,
});
