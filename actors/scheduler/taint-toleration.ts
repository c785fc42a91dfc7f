import { toleratedBy } from '../../contracts/selectors/taints.ts';
import type { Filter, Score } from './plugin.ts';

const CORDON = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** `spec.unschedulable`: a cordoned node takes only pods that tolerate it. */
export const filterUnschedulable: Filter = (pod, node) =>
  node.unschedulable && !toleratedBy(pod.tolerations, CORDON) ? 'node(s) were unschedulable' : undefined;

/** A pod must tolerate all NoSchedule and NoExecute taints; the reason names the first that it does not tolerate. */
export const filterTaints: Filter = (pod, node) => {
  for (const taint of node.hardTaints) {
    if (!toleratedBy(pod.tolerations, taint))
      return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  }
  return undefined;
};

/** The fewer PreferNoSchedule taints the pod does not tolerate, the better. */
export const scoreTaints: Score = {
  name: 'taints',
  weight: 3,
  scale: 'down',
  score: (pod, node) =>
    node.softTaints.length === 0 ? 0 : node.softTaints.filter((taint) => !toleratedBy(pod.tolerations, taint)).length,
};
