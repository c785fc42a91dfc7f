import type { Node } from '../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../contracts/kinds/meta/conditions.ts';
import { parseRfc3339 } from '../../contracts/time/rfc3339.ts';
import type { ClusterStatus } from '../cli/plan-status.ts';

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
  parseRfc3339(conditionOf(status, 'Ready')?.lastHeartbeatTime) >= Math.floor(since / 1000) * 1000;
