import type { ClusterStatus } from '../cli/plan-status.ts';

/**
 * Is this what a cluster of one machine stays like, once its pods are ready? A Deployment's own status follows its pods a
 * moment later, and at a second start the worker the pods that the store still tells of. Pure.
 */
export const isSettled = ({ deployments, actors }: Pick<ClusterStatus, 'deployments' | 'actors'>): boolean =>
  Object.values(deployments).every(({ wanted, ready }) => ready >= wanted) && actors?.['kubelet'] !== undefined;
