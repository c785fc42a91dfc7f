import type { Msg, MsgHdrs, NatsConnection, SubscriptionOptions } from 'nats';
import { encode } from '../../../contracts/codec/codec.ts';
import { failure, type Status } from '../../../contracts/errors/status.ts';
import { INBOX_ROOT, type IsAskersInbox } from '../../../contracts/subjects/inbox.ts';
import { namedHeaders } from '../live/message-headers.ts';
import { encodingOfQuestion } from '../turns/replies.ts';
import { ArrivedMessage } from './nats-arrived-message.ts';
import { guarded } from './nats-guarded-callback.ts';

/*
 * A user that may send requests to JetStream can have the server deliver a stored message, a consumer's heartbeat or an
 * answer on any subject: the broker checks neither a consumer's deliver subject nor a reply subject (tried). An actor
 * trusts the subject's `<caller>`, so it must not receive what the server itself sends; and it must not answer where its
 * own user may publish but the asker may not (ops/docs/decisions/0009).
 */

/** The part of a message that the check reads. */
export interface Arrived {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string | undefined;
  readonly headers?: Pick<MsgHdrs, 'code' | 'has'> | undefined;
}

/** The first bytes of every answer of JetStream's API and of a micro service. */
const API_ANSWER = Buffer.from('{"type":"io.nats.');
/** The first bytes of a stream's acknowledgement, with and without an error: `{"stream":"KV_troupe-leases","seq":7}`. */
const ACKNOWLEDGEMENTS = [Buffer.from('{"stream":"'), Buffer.from('{"error":{')];
const ACKNOWLEDGEMENT_BYTES_MOST = 1_024;
const TYPED_AT = 2;
const TYPES = new Set([API_ANSWER, ...ACKNOWLEDGEMENTS].map((text) => text[TYPED_AT]));

const begins = (data: Uint8Array, text: Buffer): boolean =>
  data.length > text.length && text.equals(data.subarray(0, text.length));

function isServerAnswer(data: Uint8Array): boolean {
  if (!TYPES.has(data[TYPED_AT])) return false; // nearly every message stops here
  return begins(data, API_ANSWER) || (ACKNOWLEDGEMENTS.some((text) => begins(data, text)) && isAcknowledgement(data));
}

function isAcknowledgement(data: Uint8Array): boolean {
  if (data.length > ACKNOWLEDGEMENT_BYTES_MOST) return false;
  try {
    const { stream, seq } = JSON.parse(Buffer.from(data).toString()) as { stream?: unknown; seq?: unknown };
    return typeof stream === 'string' && typeof seq === 'number';
  } catch {
    return false;
  }
}

const NO_RESPONDERS = 503;

/** What the check knows of a subscription. */
export interface Hearing {
  /** The server itself publishes on this family: republished changes of the store. */
  readonly told: boolean;
  /** Absent where subjects do not name the asker, and on a broker without users. */
  readonly isAskers?: IsAskersInbox | undefined;
  /** The bodies are bytes of people, which may look like anything. */
  readonly bytes?: boolean;
  /** Readers of watches acknowledge here. A reader may leave at any time, so a message that one is gone is not logged. */
  readonly readers?: boolean;
}

/**
 * Why a message must not reach an actor. Pure.
 * @returns `undefined` when the actor may receive it
 */
export function reasonToIgnore(
  { subject, data, reply, headers }: Arrived,
  { told, isAskers, bytes = false }: Hearing,
): string | undefined {
  if (reply !== undefined && reply !== '') {
    if (!reply.startsWith(`${INBOX_ROOT}.`)) return `its reply subject "${reply}" is no inbox`;
    if (isAskers?.(subject, reply) === false) {
      return `its reply subject "${reply}" is no inbox of its caller; connect with the inbox prefix ${INBOX_ROOT}.<user>`;
    }
  }
  if (headers?.code === NO_RESPONDERS)
    return 'the broker reports that no subscriber is left for a message that asked for an answer here';
  if (headers !== undefined && headers.code > 0) return 'it is a status of a consumer';
  if (told) return undefined;
  if (headers?.has(STREAM_HEADER) === true) return STORED_COPY;
  if (!bytes && isServerAnswer(data)) return "it is a server's answer to another request";
  return undefined;
}

/** Header with which the server marks copies of stored messages. */
const STREAM_HEADER = 'Nats-Stream';
const STORED_COPY = 'it is a copy of a stored message';

/**
 * The answer to a request that looks like a copy of a stored message but comes from a client: the server's copies have no
 * reply subject in an inbox. Pure.
 * @returns `undefined` when no client waits
 */
export function answerToIgnored({ subject, reply }: Arrived, why: string): Status | undefined {
  if (why !== STORED_COPY || reply === undefined || reply === '') return undefined;
  const finding = `the header "${STREAM_HEADER}" marks the server's copies of stored messages`;
  return failure('BadRequest', `request on ${subject}: ${finding}; send the request without it`);
}

/**
 * Does the broker authenticate its users? Such a broker says in its greeting that it requires credentials or, where it
 * also accepts clients without any, that keys can be proved. On other brokers a client may take any name, and most clients
 * use a random inbox.
 */
export const knowsUsers = ({ info }: NatsConnection): boolean =>
  info?.auth_required === true || info?.nonce !== undefined;

/**
 * A connection whose subscriptions receive only what passes the check, as `ArrivedMessage`; everything else is the
 * connection's own.
 * @param refused called for each message that does not pass, with the reason
 * @param hearing what is known of a subscription, by its pattern
 */
export function filterInbound(
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
      const why = reasonToIgnore(arrived, heard);
      if (why === undefined) return callback(null, arrived as unknown as Msg);
      const answer = heard.told ? undefined : answerToIgnored(arrived, why);
      if (answer !== undefined)
        arrived.respond(encode(answer, encodingOfQuestion(arrived.data, namedHeaders(arrived))));
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
