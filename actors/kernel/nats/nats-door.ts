import type { Msg, MsgHdrs, NatsConnection, SubscriptionOptions } from 'nats';
import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';
import { ArrivedMessage } from './nats-arrived.ts';
import { guarded } from './nats-callback.ts';

/*
 * Whoever may ask JetStream anything can have it deliver a stored message, a heartbeat of a consumer or an answer on any
 * subject: the broker looks neither at a consumer's deliver subject nor at a reply subject (tried). So an actor, which
 * believes the subject's `<caller>`, must not hear what the server itself sends; and it must not answer where its own
 * user may write but the asker may not.
 */

/** The part of a message that the door looks at. */
export interface Arrived {
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

/**
 * Why a message must not reach an actor. Pure.
 * @param told the family is one on which the server speaks by itself: changes of the store, republished
 * @returns `undefined` when it may come in
 */
export function refusedAtDoor({ data, reply, headers }: Arrived, told: boolean): string | undefined {
  if (reply !== undefined && reply !== '' && !reply.startsWith(INBOX_ROOT)) {
    return `its reply subject "${reply}" is no inbox`;
  }
  if (headers !== undefined && headers.code > 0) return 'it is a status of a consumer';
  if (told) return undefined;
  if (headers?.has('Nats-Stream') === true) return 'it is a copy of a stored message';
  if (isServerAnswer(data)) return "it is a server's answer to somebody else";
  return undefined;
}

/**
 * A connection whose subscriptions hear only what may come in, as `ArrivedMessage`; everything else is the connection's
 * own.
 */
export function behindDoor(
  connection: NatsConnection,
  refused: (subject: string, why: string) => void,
  told: boolean,
): NatsConnection {
  const subscribe = (subject: string, options: SubscriptionOptions = {}) => {
    const { callback } = options;
    if (callback === undefined) throw new Error(`subscribe ${subject}: behind the door a callback is needed`);
    const hear = (msg: Msg): unknown => {
      const arrived = new ArrivedMessage(msg);
      const why = refusedAtDoor(arrived, told);
      return why === undefined ? callback(null, arrived as unknown as Msg) : refused(msg.subject, why);
    };
    return connection.subscribe(subject, {
      ...options,
      callback: guarded(
        (error, msg) => (error === null ? hear(msg) : callback(error, msg)),
        (failure, msg) => refused(msg.subject ?? subject, failure.message),
      ),
    });
  };
  return Object.assign(Object.create(connection) as NatsConnection, { subscribe });
}
