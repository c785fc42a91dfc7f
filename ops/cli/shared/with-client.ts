import type { Client } from '../../client/client.ts';

/** Options of every command that connects to a cluster. */
export interface ClusterOptions {
  readonly context?: string;
  readonly namespace?: string;
}

/** Connects, runs `work`, and closes the connection also after an error. */
export async function withClient<T>(options: ClusterOptions, work: (client: Client) => Promise<T>): Promise<T> {
  const { connectClient } = await import('../../client/connect.ts');
  const client = await connectClient({ context: options.context, name: 'troupe' });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** The namespace: of -n, else TROUPE_NAMESPACE, else the tenant's default, else `default`. */
export function namespaceOf(options: ClusterOptions, client: Pick<Client, 'namespace'>): string {
  const wished = options.namespace ?? process.env['TROUPE_NAMESPACE'];
  return wished === undefined || wished === '' ? (client.namespace ?? 'default') : wished;
}
