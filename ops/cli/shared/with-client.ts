import type { Client } from '../../client/client.ts';

/** Options that every command which talks to a cluster has. */
export interface ClusterOptions {
  readonly context?: string;
  readonly namespace?: string;
}

/** Connects, does, and leaves, whatever happens. */
export async function withClient<T>(options: ClusterOptions, work: (client: Client) => Promise<T>): Promise<T> {
  const { connectClient } = await import('../../client/connect.ts');
  const client = await connectClient({ context: options.context, name: 'troupe' });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** The namespace meant: as written, else TROUPE_NAMESPACE, else a tenant's own, else `default`. */
export function namespaceOf(options: ClusterOptions, client: Pick<Client, 'namespace'>): string {
  const wished = options.namespace ?? process.env['TROUPE_NAMESPACE'];
  return wished === undefined || wished === '' ? (client.namespace ?? 'default') : wished;
}
