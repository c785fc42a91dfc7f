import { StatusError } from '../../../contracts/errors/status.ts';
import { OPERATOR } from '../../boot/home/cluster.ts';
import { homePaths, troupeHome } from '../../boot/home/home.ts';
import { findUser } from '../../boot/users/users.ts';
import type { Client } from '../../client/client.ts';
import { connectClient } from '../../client/connect.ts';

/** Nothing but a note depends on the answer. */
const ANSWER_MS = 2_000;

/**
 * Those of the namespaces of which the cluster of this home's operator says that they are not there. A cluster that cannot be
 * asked says nothing.
 * @param url of its server
 */
export async function missingNamespaces(names: readonly string[], url: string): Promise<readonly string[]> {
  const nkey = findUser(homePaths(troupeHome()), OPERATOR)?.seed;
  const client = await connectClient({ url, user: OPERATOR, nkey, timeoutMs: ANSWER_MS }).catch(() => undefined);
  if (client === undefined) return [];
  try {
    const missing = await Promise.all(names.map((name) => isMissing(client, name)));
    return names.filter((_name, at) => missing[at]);
  } finally {
    await client.close();
  }
}

async function isMissing(client: Client, name: string): Promise<boolean> {
  try {
    await client.request('get', 'namespaces', { name }, undefined, { timeoutMs: ANSWER_MS });
    return false;
  } catch (error) {
    return error instanceof StatusError && error.reason === 'NotFound';
  }
}

/** What a person may type who has no manifest of it. */
export const makesNamespace = (name: string, as: string): string =>
  `echo '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"${name}"}}' | ${as} apply -f -`;
