import type { Container, Pod } from '../../contracts/kinds/kinds.ts';
import { parseQuantity } from '../../contracts/quantity/quantity.ts';

const RESOURCES = ['cpu', 'memory'] as const;

const asksNothing = ({ resources }: Container): boolean =>
  RESOURCES.every((name) => !amount(resources?.requests?.[name]) && !amount(resources?.limits?.[name]));

const guaranteed = ({ resources }: Container): boolean =>
  RESOURCES.every((name) => {
    const limit = amount(resources?.limits?.[name]);
    return limit > 0 && amount(resources?.requests?.[name] ?? limit) === limit;
  });

const amount = (quantity: string | number | undefined): number =>
  quantity === undefined ? 0 : parseQuantity(quantity);

/** How a pod is treated when the node runs short; from the requests and limits of all its containers. Pure. */
export function qosClass(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  if (all.every(asksNothing)) return 'BestEffort';
  return all.every(guaranteed) ? 'Guaranteed' : 'Burstable';
}
