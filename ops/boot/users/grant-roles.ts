import { StatusError } from '../../../contracts/errors/status.ts';
import { sameValue } from '../../../contracts/json-values.ts';
import type { ClusterRole, KubeObject, RoleBinding } from '../../../contracts/kinds/kinds.ts';
import { SECURITY_LABEL } from '../../../contracts/kinds/pod-security/pod-security.ts';
import type { Client } from '../../client/client.ts';
import { serviceBinding, serviceRole, serviceRoleName, tenantBinding, tenantBindingName } from './plan-grants.ts';

const ENFORCE = `${SECURITY_LABEL}enforce`;
const BASELINE = { [ENFORCE]: 'baseline' };
const WAIT = { timeoutMs: 10_000 };

const unless = async <A>(reason: string, asked: Promise<A>): Promise<A | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StatusError && error.reason === reason) return undefined;
    throw error;
  }
};

const found = <T = KubeObject>(client: Client, resource: string, namespace: string, name: string) =>
  unless('NotFound', client.request<T>('get', resource, { namespace, name }, undefined, WAIT));
const created = (client: Client, resource: string, object: KubeObject) => {
  const { namespace = '', name = '' } = object.metadata ?? {};
  return unless('AlreadyExists', client.request('create', resource, { namespace, name }, object, WAIT));
};
const deleted = (client: Client, resource: string, namespace: string, name: string) =>
  unless('NotFound', client.request('delete', resource, { namespace, name }, {}, WAIT));

/**
 * Gives a tenant its role in namespaces, which are created where they do not exist. Any other role that it was given the same way is
 * taken away. A namespace that asks for no level of pod security is `baseline` from then on: else its tenant could become root on a node.
 * @param role a Role of the namespace, else a ClusterRole
 * @returns the namespaces that were created
 */
export async function grantTenant(
  client: Client,
  user: string,
  namespaces: readonly string[],
  role: string,
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const namespace of namespaces) {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: BASELINE } };
    if ((await created(client, 'namespaces', object)) !== undefined) made.push(namespace);
    else await confine(client, namespace);
    const own = await found(client, 'roles', namespace, role);
    const wanted = tenantBinding(user, namespace, own === undefined ? 'ClusterRole' : 'Role', role);
    const name = tenantBindingName(user);
    const before = await found<RoleBinding>(client, 'rolebindings', namespace, name);
    // A binding's role cannot be changed.
    if (before !== undefined && !sameValue(before.roleRef, wanted.roleRef))
      await deleted(client, 'rolebindings', namespace, name);
    await created(client, 'rolebindings', wanted);
  }
  return made;
}

async function confine(client: Client, name: string): Promise<void> {
  const labels = (await found(client, 'namespaces', '', name))?.metadata?.labels ?? {};
  if (Object.hasOwn(labels, ENFORCE)) return;
  await client.request('patch', 'namespaces', { name }, { metadata: { labels: BASELINE } }, WAIT);
}

export async function revokeTenant(client: Client, user: string, namespaces: readonly string[]): Promise<void> {
  for (const namespace of namespaces) await deleted(client, 'rolebindings', namespace, tenantBindingName(user));
}

/** Gives a service the role to do what its actors declared. @param publish its permissions at the broker */
export async function grantService(client: Client, user: string, publish: readonly string[]): Promise<void> {
  const role = serviceRole(user, client.prefix, publish);
  if ((await created(client, 'clusterroles', role)) === undefined)
    await client.request<ClusterRole>(
      'patch',
      'clusterroles',
      { name: serviceRoleName(user) },
      { rules: role.rules },
      WAIT,
    );
  await created(client, 'clusterrolebindings', serviceBinding(user));
}

export async function revokeService(client: Client, user: string): Promise<void> {
  await deleted(client, 'clusterrolebindings', '', serviceRoleName(user));
  await deleted(client, 'clusterroles', '', serviceRoleName(user));
}
