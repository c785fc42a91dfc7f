import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { ClusterStatus } from '../../cli/cluster/plan-status.ts';

/**
 * Is this what a cluster of one machine stays like, once its pods are ready? A Deployment's own status follows its pods a
 * moment later, and at a second start the worker the pods that the store still tells of. Pure.
 */
export const isSettled = ({ deployments, actors }: Pick<ClusterStatus, 'deployments' | 'actors'>): boolean =>
  Object.values(deployments).every(({ wanted, ready }) => ready >= wanted) && actors?.['kubelet'] !== undefined;

/**
 * Has the node told of itself since then? Until it has, its pods are what they were when it was last heard of, and may be
 * gone. Its moments are whole seconds. Pure.
 * @param since milliseconds since the Unix epoch
 */
export const hasReported = ({ status }: Pick<Node, 'status'>, since: number): boolean =>
  isSince(conditionOf(status, 'Ready')?.lastHeartbeatTime, since);

/**
 * Does the store still tell of this pod what was before its node was started? A container of it that began earlier and that no
 * engine runs any more, as after `down --pods`; the kubelet comes to it in a moment. Pure.
 * @param running uids of the pods that the node's engine runs
 */
export const isOfBefore = (
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
