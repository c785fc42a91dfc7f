import { decode, decodeMsgpack } from '../../../contracts/codec/codec.ts';
import { failure, type Status } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import type { Bytes, Call, Rec, Ref } from '../contract.ts';
import type { HearDecl, LatestDecl } from '../declare.ts';
import { hearsSubject } from './subject-patterns.ts';

/** A call's reply subject is kept among its headers, so that the record of a call is complete. */
export const REPLY_HEADER = HEADER.reply;
/** Names the `latest` input for whose messages, all in one body, a call record stands. */
export const LATEST_HEADER = HEADER.latest;

/** The name of an input and the value that it emits: a call, or for a `latest` input a list of calls. */
export type Heard =
  | { readonly input: string; readonly value: Call | readonly Call[] }
  /** No input matches the call's subject. */
  | { readonly input?: never; readonly value: Call };

/** Finds the input that a recorded call is for, and makes the value that this input emits. */
export function routeCall(
  rec: Extract<Rec, { t: 'call' }>,
  hears: Readonly<Record<string, HearDecl>>,
  prefix: string,
): Heard {
  const bytes = recordBytes(rec.body);
  const batchOf = rec.headers[LATEST_HEADER];
  if (batchOf !== undefined) {
    const { family } = hears[batchOf] as LatestDecl;
    const messages = decodeMsgpack(bytes) as [string, Bytes][];
    const value = messages.map(([subject, body]) =>
      makeCall({ id: rec.id, subject, headers: {}, bytes: body, tokens: family.parse(prefix, subject) }),
    );
    return { input: batchOf, value };
  }
  const { id, subject, headers } = rec;
  for (const [input, heard] of inputsOf(hears)) {
    if (heard.hear !== 'calls') continue;
    const tokens = heard.family.parse(prefix, rec.subject) as Record<string, string> | undefined;
    if (hearsSubject(heard, prefix, rec.subject, tokens))
      return { input, value: makeCall({ id, subject, headers, bytes, tokens }) };
  }
  return { value: makeCall({ id, subject, headers, bytes, tokens: undefined }) };
}

const inputs = new WeakMap<Readonly<Record<string, HearDecl>>, readonly (readonly [string, HearDecl])[]>();

/** The inputs with their names; cached per definition, because every turn goes through them. */
export function inputsOf(hears: Readonly<Record<string, HearDecl>>): readonly (readonly [string, HearDecl])[] {
  let listed = inputs.get(hears);
  if (listed === undefined) {
    listed = Object.entries(hears);
    inputs.set(hears, listed);
  }
  return listed;
}

/** The answer to a request whose subject matches no input. */
export const unmatchedSubject = (subject: string): Status =>
  failure('BadRequest', `${subject}: a token is not escaped correctly (bytes outside A-Z a-z 0-9 _ - become =XX)`);

/** @param tokens `undefined` when the subject does not match the family's template */
export function makeCall({
  id,
  subject,
  headers,
  bytes,
  tokens,
}: Pick<Call, 'id' | 'subject' | 'headers' | 'bytes'> & { readonly tokens: unknown }): Call<never, never> {
  const reply = headers[REPLY_HEADER];
  return {
    id,
    subject,
    headers,
    bytes,
    ...(tokens === undefined ? {} : { tokens: tokens as never }),
    ...(reply === undefined ? {} : { reply }),
    decode: () => decode(bytes, headers[HEADER.contentType]) as never,
  };
}

/** @throws Error when a record still refers to the history: the caller must resolve references before running the turn */
export function recordBytes(body: Ref | Bytes): Bytes {
  if (body instanceof Uint8Array) return body;
  throw new Error(`record refers to ${body.key}@${body.revision}: resolve references before running the turn`);
}
