import { toleratedBy } from '../../contracts/selectors/taints.ts';
import type { Filter } from './plugin.ts';

/** NoSchedule and NoExecute taints must all be tolerated; names the first that is not. */
export const filterTaints: Filter = (pod, node) => {
  for (const taint of node.repelling) {
    if (!toleratedBy(pod.tolerations, taint))
      return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  }
  return undefined;
};
