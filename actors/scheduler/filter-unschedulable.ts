import { toleratedBy } from '../../contracts/selectors/taints.ts';
import type { Filter } from './plugin.ts';

const CORDON = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** A cordoned node takes only pods that tolerate it. */
export const filterUnschedulable: Filter = (pod, node) =>
  node.unschedulable && !toleratedBy(pod.tolerations, CORDON) ? 'node(s) were unschedulable' : undefined;
