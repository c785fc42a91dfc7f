import type { Msg, Subscription } from 'nats';
import { newInbox } from '../../actors/kernel/nats/nats-inbox.ts';
import { encodeMsgpack, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import { retryOf, StatusError, statusError } from '../../contracts/errors/status.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { KubeList, WatchEvent, WatchOptions } from '../../contracts/messages/api.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { doubled } from '../../contracts/time/doubling-delay.ts';
import type { Client, Target } from './client.ts';
import type { Contact } from './contact.ts';
import { pause } from './pause.ts';
import { type ObjectEvent, planRelist } from './plan-relist.ts';

export interface WatchFrom<T = KubeObject> extends Pick<WatchOptions, 'labelSelector' | 'fieldSelector'> {
  /** Go on from this list; without it the watch begins with every object as ADDED. */
  readonly from?: KubeList<T>;
  readonly signal?: AbortSignal;
  readonly contact?: Contact;
  /** Bookmarks come every 5 s at the latest; without any message for this long the watch is asked for again. */
  readonly silenceMs?: number;
  /** Longest pause between attempts while nobody serves. */
  readonly backoffMs?: number;
}

const SILENCE_MS = 12_000;
const BACKOFF_MS = 2_000;

/**
 * Every change of what matches, for as long as the reader reads: acknowledges bookmarks, goes on from the last one when
 * the watch ends or falls silent, and lists again when that is too long ago, telling only what differs.
 * Ends when `signal` is aborted. @throws StatusError for what asking again cannot mend (Forbidden, Invalid ...)
 */
export async function* watchObjects<T extends KubeObject>(
  client: Client,
  resource: string,
  target: Target,
  options: WatchFrom<T> = {},
): AsyncGenerator<ObjectEvent<T>> {
  const { labelSelector, fieldSelector } = options;
  const selectors = {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
  const known = new Map<string, T>();
  let revision: string | undefined;
  for (const object of options.from?.items ?? []) known.set(identity(object), object);
  revision = options.from?.metadata.resourceVersion;
  let failures = 0;
  const over = (): boolean => options.signal?.aborted === true;
  while (!over()) {
    try {
      if (revision === undefined) {
        const list = await client.list<T>(resource, target, selectors);
        options.contact?.heard();
        revision = list.metadata.resourceVersion;
        for (const event of planRelist(known, list.items, identity)) yield remember(known, event);
      }
      let silent = true;
      for await (const event of readOnce<T>(
        client,
        resource,
        target,
        { ...selectors, resourceVersion: revision },
        options,
      )) {
        failures = 0;
        silent = false;
        if (event.type === 'ERROR') throw new StatusError(event.object);
        options.contact?.heard();
        revision = event.object.metadata?.resourceVersion ?? revision;
        if (event.type === 'BOOKMARK' || event.type === 'END') continue;
        yield remember(known, event);
      }
      if (silent && !over()) options.contact?.lost(`no api-server answers "watch ${resource}"`);
    } catch (error) {
      if (over()) return;
      if (client.ended !== undefined) throw client.ended;
      if (isExpired(error)) revision = undefined;
      else if (retryOf(error) !== 'backoff') throw error;
      else if (failures > 0) options.contact?.lost((error as Error).message); // one that began anew is back at the next try
      await pause(doubled(50, failures++, options.backoffMs ?? BACKOFF_MS), options.signal);
    }
  }
}

const identity = (object: KubeObject): string => `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`;
const isExpired = (error: unknown): boolean => error instanceof StatusError && error.status.code === 410;

function remember<T extends KubeObject>(known: Map<string, T>, event: ObjectEvent<T>): ObjectEvent<T> {
  if (event.type === 'DELETED') known.delete(identity(event.object));
  else known.set(identity(event.object), event.object);
  return event;
}

/** One watch, until its END or ERROR, its silence, a lost connection, or the reader's leaving. */
async function* readOnce<T>(
  client: Client,
  resource: string,
  target: Target,
  body: WatchOptions,
  options: WatchFrom<T & KubeObject>,
): AsyncGenerator<WatchEvent<T>> {
  const { connection } = client;
  const subject = client.subject('watch', resource, target);
  const inbox = newInbox(client.inboxPrefix);
  const subscription = connection.subscribe(inbox);
  const leave = (): void => subscription.unsubscribe();
  options.signal?.addEventListener('abort', leave);
  const forget = client.onReconnected(leave); // what was sent meanwhile is lost: the next watch begins where this one was
  try {
    connection.publish(subject, encodeMsgpack(body), { reply: inbox, headers: client.headers(MSGPACK_TYPE) });
    for await (const message of untilSilent(subscription, options.silenceMs ?? SILENCE_MS)) {
      if (message.headers?.code === 503) {
        throw statusError(
          'ServiceUnavailable',
          `no api-server is listening on ${subject}; start one with "troupe up" or check TROUPE_URL`,
        );
      }
      const event = client.decode<WatchEvent<T>>(message);
      yield event;
      // Acknowledged once the reader came back for more: it has handled all that was before.
      if (event.type === 'BOOKMARK' && isOwnAck(client, message.reply)) {
        connection.publish(message.reply, encodeMsgpack({ resourceVersion: event.object.metadata.resourceVersion }));
      }
      if (event.type === 'END' || event.type === 'ERROR') return;
    }
  } finally {
    forget();
    options.signal?.removeEventListener('abort', leave);
    subscription.unsubscribe();
  }
}

/** Only the subject of an acknowledgement is answered: a forged bookmark could name any other subject on which this user may publish. */
const isOwnAck = ({ prefix, caller }: Client, reply: string | undefined): reply is string =>
  SUBJECTS.watchAck.parse(prefix, reply ?? '')?.caller === caller;

/** The messages, until none has come for `silenceMs`. */
async function* untilSilent(subscription: Subscription, silenceMs: number): AsyncGenerator<Msg> {
  const messages = subscription[Symbol.asyncIterator]();
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<'silent'>((done) => {
      timer = setTimeout(() => done('silent'), silenceMs);
    });
    const next = await Promise.race([messages.next(), silence]);
    clearTimeout(timer);
    if (next === 'silent' || next.done === true) return;
    yield next.value;
  }
}
