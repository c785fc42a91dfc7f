import type { Msg, MsgHdrs, NatsConnection, SubscriptionOptions } from 'nats';
import { INBOX_ROOT, type IsAskersInbox } from '../../../contracts/subjects/inbox.ts';
import { ArrivedMessage } from './nats-arrived-message.ts';
import { guarded } from './nats-guarded-callback.ts';

/*
 * Whoever may ask JetStream anything can have it deliver a stored message, a heartbeat of a consumer or an answer on any
 * subject: the broker looks neither at a consumer's deliver subject nor at a reply subject (tried). So an actor, which
 * believes the subject's `<caller>`, must not hear what the server itself sends; and it must not answer where its own
 * user may write but the asker may not (ops/docs/decisions/0009).
 */

/** The part of a message that the door looks at. */
export interface Arrived {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string | undefined;
  readonly headers?: Pick<MsgHdrs, 'code' | 'has'> | undefined;
}

/** How every answer of JetStream's and of a micro service's begins. */
const SERVER_ANSWER = Buffer.from('{"type":"io.nats.');
const TYPED_AT = 2;

const isServerAnswer = (data: Uint8Array): boolean =>
  data[TYPED_AT] === SERVER_ANSWER[TYPED_AT] && // nearly every message stops here
  data.length > SERVER_ANSWER.length &&
  SERVER_ANSWER.equals(data.subarray(0, SERVER_ANSWER.length));

const NO_RESPONDERS = 503;

/** What the door knows of a subscription. */
export interface Hearing {
  /** The family is one on which the server speaks by itself: changes of the store, republished. */
  readonly told: boolean;
  /** Absent where subjects do not say who asks, and on a broker that does not know it either. */
  readonly isAskers?: IsAskersInbox | undefined;
  /** Readers acknowledge here what they were told, and go when they like: that one is gone is worth no warning. */
  readonly readers?: boolean;
}

/**
 * Why a message must not reach an actor. Pure.
 * @returns `undefined` when it may come in
 */
export function refusedAtDoor(
  { subject, data, reply, headers }: Arrived,
  { told, isAskers }: Hearing,
): string | undefined {
  if (reply !== undefined && reply !== '') {
    if (!reply.startsWith(INBOX_ROOT)) return `its reply subject "${reply}" is no inbox`;
    if (isAskers?.(subject, reply) === false) {
      return `its reply subject "${reply}" is no inbox of its caller; connect with the inbox prefix ${INBOX_ROOT}.<user>`;
    }
  }
  if (headers?.code === NO_RESPONDERS)
    return 'the broker says that nobody listens any more for what awaited an answer here';
  if (headers !== undefined && headers.code > 0) return 'it is a status of a consumer';
  if (told) return undefined;
  if (headers?.has('Nats-Stream') === true) return 'it is a copy of a stored message';
  if (isServerAnswer(data)) return "it is a server's answer to somebody else";
  return undefined;
}

/**
 * Does the broker know who publishes? One that does says in its greeting that it wants to know, or, where it lets in who
 * does not say it, that keys can be proved. Elsewhere anybody takes any name, and most clients a random inbox.
 */
export const knowsUsers = ({ info }: NatsConnection): boolean =>
  info?.auth_required === true || info?.nonce !== undefined;

/**
 * A connection whose subscriptions hear only what may come in, as `ArrivedMessage`; everything else is the connection's
 * own.
 * @param hearing what is known of a subscription, by its pattern
 */
export function behindDoor(
  connection: NatsConnection,
  refused: (subject: string, why: string) => void,
  hearing: (pattern: string) => Hearing,
): NatsConnection {
  const subscribe = (pattern: string, options: SubscriptionOptions = {}) => {
    const { callback } = options;
    if (callback === undefined) throw new Error(`subscribe ${pattern}: behind the door a callback is needed`);
    const heard = hearing(pattern);
    const hear = (msg: Msg): unknown => {
      const arrived = new ArrivedMessage(msg);
      const why = refusedAtDoor(arrived, heard);
      if (why === undefined) return callback(null, arrived as unknown as Msg);
      if (heard.readers !== true || arrived.headers?.code !== NO_RESPONDERS) refused(msg.subject, why);
    };
    return connection.subscribe(pattern, {
      ...options,
      callback: guarded(
        (error, msg) => (error === null ? hear(msg) : callback(error, msg)),
        (failure, msg) => refused(msg.subject ?? pattern, failure.message),
      ),
    });
  };
  return Object.assign(Object.create(connection) as NatsConnection, { subscribe });
}
