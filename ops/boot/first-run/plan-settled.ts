import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { ClusterStatus } from '../../cli/cluster/plan-status.ts';

/**
 * Has the status of a one-machine cluster settled, once its pods are ready? A Deployment's own status follows its pods a moment
 * later, and at a second start the kubelet answers a moment after the pods that the store holds. Pure.
 */
export const isSettled = ({ deployments, actors }: Pick<ClusterStatus, 'deployments' | 'actors'>): boolean =>
  Object.values(deployments).every(({ wanted, ready }) => ready >= wanted) && actors?.['kubelet'] !== undefined;

/**
 * Has the node written its status since then? Until it has, the store shows its pods as they were before, and they may be gone.
 * The node's timestamps are whole seconds. Pure.
 * @param since milliseconds since the Unix epoch
 */
export const hasReported = ({ status }: Pick<Node, 'status'>, since: number): boolean =>
  isSince(conditionOf(status, 'Ready')?.lastHeartbeatTime, since);

/**
 * Is the pod's stored status older than the start of its node? Then it shows a running container that started earlier and that the
 * engine no longer runs, as after `down --pods`; the kubelet corrects it in a moment. Pure.
 * @param running uids of the pods that the node's engine runs
 */
export const hasOldStatus = (
  { metadata, spec, status }: Pick<Pod, 'metadata' | 'spec' | 'status'>,
  { name, since }: StartedNode,
  running: ReadonlySet<string>,
): boolean =>
  spec?.nodeName === name &&
  !running.has(metadata?.uid ?? '') &&
  (status?.containerStatuses ?? []).some(({ state }) => state?.running && !isSince(state.running.startedAt, since));

export interface StartedNode {
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
}

const isSince = (moment: string | undefined, since: number): boolean =>
  parseRfc3339(moment) >= Math.floor(since / 1000) * 1000;
