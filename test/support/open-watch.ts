import type { Subscription } from 'nats';
import { createInbox } from 'nats';
import { encodeMsgpack, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import type { Status } from '../../contracts/errors/status.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { WatchEvent, WatchOptions } from '../../contracts/messages/api.ts';
import type { Client, Target } from '../../ops/client/client.ts';
import { waitUntil } from './wait-until.ts';

/** A watch as it comes over the wire. */
export interface OpenWatch<T> {
  /** Everything so far, oldest first; a watch that could not open has its refusal alone. */
  readonly events: (WatchEvent<T> | Status)[];
  /** `ADDED a`, `BOOKMARK`, `ERROR 410` and so on. */
  told(): readonly string[];
  /** Waits until something of it fits. */
  until(what: string, fits: (event: WatchEvent<T>) => boolean): Promise<WatchEvent<T>>;
  close(): void;
}

export interface OpenWatchOptions {
  /** Answer bookmarks as a reader does that keeps up; default true. */
  readonly answers?: boolean;
}

/** Opens one watch and keeps what it tells; nothing is asked again, as `watchObjects` would. */
export async function openWatch<T extends KubeObject = KubeObject>(
  client: Client,
  resource: string,
  target: Target,
  options: WatchOptions,
  { answers = true }: OpenWatchOptions = {},
): Promise<OpenWatch<T>> {
  const { connection } = client;
  const events: (WatchEvent<T> | Status)[] = [];
  const inbox = createInbox(client.inboxPrefix);
  const subscription: Subscription = connection.subscribe(inbox, {
    callback: (refused, message) => {
      if (refused !== null) throw refused;
      try {
        const event = client.decode<WatchEvent<T>>(message);
        events.push(event);
        if (answers && event.type === 'BOOKMARK' && message.reply !== undefined && message.reply !== '')
          connection.publish(message.reply, encodeMsgpack({ resourceVersion: event.object.metadata.resourceVersion }));
      } catch (error) {
        events.push((error as { status: Status }).status);
      }
    },
  });
  connection.publish(client.subject('watch', resource, target), encodeMsgpack(options), {
    reply: inbox,
    headers: client.headers(MSGPACK_TYPE),
  });
  await waitUntil(`the watch of ${resource} opens`, 10_000, () => events.length > 0);
  return {
    events,
    told: () => events.map(wordsOf),
    until: (what, fits) =>
      waitUntil(what, 10_000, () => events.find((event): event is WatchEvent<T> => 'type' in event && fits(event))),
    close: () => subscription.unsubscribe(),
  };
}

function wordsOf(event: WatchEvent | Status): string {
  if (!('type' in event)) return `${event.reason} ${event.code}`;
  if (event.type === 'ERROR') return `ERROR ${event.object.code}`;
  if (event.type === 'BOOKMARK' || event.type === 'END') return event.type;
  return `${event.type} ${event.object.metadata?.name ?? ''}`;
}
