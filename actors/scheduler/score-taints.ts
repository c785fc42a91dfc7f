import { toleratedBy } from '../../contracts/selectors/taints.ts';
import type { Score } from './score.ts';

/** The fewer PreferNoSchedule taints it would have to put up with, the better. */
export const scoreTaints: Score = {
  name: 'taints',
  weight: 3,
  scale: 'down',
  score: (pod, node) =>
    node.discouraging.length === 0
      ? 0
      : node.discouraging.filter((taint) => !toleratedBy(pod.tolerations, taint)).length,
};
