import { StatusError } from '../../../contracts/errors/status.ts';
import { OPERATOR } from '../../boot/home/cluster.ts';
import { homePaths, troupeHome } from '../../boot/home/home.ts';
import { findUser } from '../../boot/users/users.ts';
import type { Client } from '../../client/client.ts';
import { connectClient } from '../../client/connect.ts';

/** Short: only a note depends on the answer. */
const ANSWER_MS = 2_000;

/**
 * The namespaces that do not exist, queried as this home's operator; none when the cluster cannot be queried.
 * @param url of the server
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

/** A command line that creates the namespace. */
export const createNamespaceCommand = (name: string, as: string): string =>
  `echo '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"${name}"}}' | ${as} apply -f -`;
