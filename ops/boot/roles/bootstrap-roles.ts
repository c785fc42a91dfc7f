import { DEFAULT_BINDINGS, DEFAULT_ROLES } from '../../../actors/api-server/bootstrap/default-roles.ts';
import { planReconcile } from '../../../actors/api-server/bootstrap/plan-reconcile.ts';
import { StatusError } from '../../../contracts/errors/status.ts';
import type { ClusterRole, ClusterRoleBinding } from '../../../contracts/kinds/kinds.ts';
import type { Client } from '../../client/client.ts';

/** Another master may do the same at the same time: then what it did is compared once more. */
const TRIES = 5;
const WAIT = { timeoutMs: 10_000 };

/** Creates the roles that every cluster has, and adds what this release has more in them. */
export async function bootstrapRoles(client: Client): Promise<void> {
  await Promise.all([
    ...DEFAULT_ROLES.map((role) => reconcile(client, 'clusterroles', role)),
    ...DEFAULT_BINDINGS.map((binding) => reconcile(client, 'clusterrolebindings', binding)),
  ]);
}

async function reconcile<T extends ClusterRole | ClusterRoleBinding>(
  client: Client,
  resource: 'clusterroles' | 'clusterrolebindings',
  wanted: T,
): Promise<void> {
  const name = wanted.metadata?.name ?? '';
  for (let tries = 1; ; tries++) {
    const found = await unless('NotFound', client.request<T>('get', resource, { name }, undefined, WAIT));
    const planned = planReconcile(wanted, found);
    if (planned.type === 'keep') return;
    try {
      if (planned.type === 'replace') await unless('NotFound', client.request('delete', resource, { name }, {}, WAIT));
      const verb = planned.type === 'update' ? 'update' : 'create';
      await client.request(verb, resource, { name }, planned.object, WAIT);
      return;
    } catch (error) {
      const raced = error instanceof StatusError && (error.status.code === 409 || error.reason === 'NotFound');
      if (!raced || tries === TRIES) throw error;
    }
  }
}

async function unless<A>(reason: string, asked: Promise<A>): Promise<A | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StatusError && error.reason === reason) return undefined;
    throw error;
  }
}
