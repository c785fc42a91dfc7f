import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { Client } from '../../ops/client/client.ts';

/** What a collection holds, as the feed of changes tells it. */
export interface FollowedChanges {
  /** Changes told so far. */
  readonly count: number;
  stop(): void;
}

/**
 * Hears every change of a resource in the order of the store, and shows the whole collection after each.
 * @param resource of a kind with a namespace; nothing of it may be there yet
 */
export async function followChanges<T extends KubeObject>(
  client: Client,
  resource: string,
  namespace: string,
  after: (objects: readonly T[], changed: string) => void,
): Promise<FollowedChanges> {
  const objects = new Map<string, T>();
  let count = 0;
  const subscription = client.connection.subscribe(`${client.prefix}.changes.${resource}.${namespace}.*`, {
    callback: (refused, { subject, data }) => {
      if (refused !== null) throw refused;
      if (data.length === 0) objects.delete(subject);
      else objects.set(subject, JSON.parse(Buffer.from(data).toString('utf8')) as T);
      count += 1;
      after([...objects.values()], subject);
    },
  });
  await client.connection.flush();
  return {
    get count() {
      return count;
    },
    stop: () => subscription.unsubscribe(),
  };
}
