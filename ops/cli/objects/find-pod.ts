import type { Deployment, Pod } from '../../../contracts/kinds/kinds.ts';
import { requirementsOf, requirementsText } from '../../../contracts/selectors/label-selector.ts';
import type { Client } from '../../client/client.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { FAILURE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { pickPod } from './plan-pod-target.ts';
import { qualifiedName, type ResourceTarget } from './plan-resource-arguments.ts';

const HAS_PODS = ['pods', 'deployments', 'replicasets'];

/** @throws UsageError for a kind that has no pods */
export function checkHasPods({ resource, names }: ResourceTarget): void {
  if (HAS_PODS.includes(resource.resource)) return;
  const name = qualifiedName(resource, names?.[0] ?? '');
  throw new UsageError(`${name} has no pods; name a pod, a deployment or a replica set`);
}

/**
 * The pod that a command is about: the named one, or one of the named object's.
 * @param command for messages
 * @throws StatusError, Exit
 */
export async function findPod(
  client: Client,
  target: ResourceTarget,
  namespace: string,
  terminal: Terminal,
  command: string,
): Promise<Pod> {
  const { resource, names } = target;
  const name = names?.[0] ?? '';
  if (resource.resource === 'pods') return client.get<Pod>('pods', { namespace, name });
  const owner = await client.get<Deployment>(resource.resource, { namespace, name });
  const labelSelector = requirementsText(requirementsOf(owner.spec?.selector ?? {}));
  const { items } = await client.list<Pod>('pods', { namespace }, { labelSelector });
  const pod = pickPod(items);
  if (pod === undefined) {
    terminal.tell(
      `troupe ${command}: ${qualifiedName(resource, name)} has no pods yet; look at "troupe get pods -n ${namespace}"`,
    );
    throw new Exit(FAILURE);
  }
  if (items.length > 1) terminal.tell(`Found ${items.length} pods, using pod/${pod.metadata?.name ?? ''}`);
  return pod;
}
