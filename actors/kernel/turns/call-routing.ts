import { decode, decodeMsgpack } from '../../../contracts/codec/codec.ts';
import { failure, type Status } from '../../../contracts/errors/status.ts';
import { HEADER, type Headers } from '../../../contracts/headers.ts';
import type { Bytes, Call, Id, Rec, Ref } from '../contract.ts';
import type { HearDecl, LatestDecl } from '../declare.ts';
import { hearsSubject } from './subject-patterns.ts';

/** Where a call's answer goes, travels in its headers, so that a record of the call is whole. */
export const REPLY_HEADER = HEADER.reply;
/** Names the input `latest` whose messages a record carries, all together in one body. */
export const LATEST_HEADER = HEADER.latest;

/** The input and what it is told: a call, or for an input `latest` a list of them. */
export type Heard =
  | { readonly input: string; readonly told: Call | readonly Call[] }
  /** No input hears its subject. */
  | { readonly input?: never; readonly told: Call };

/** Which input a call is for, and the call as that input is told of it. */
export function hearCall(
  rec: Extract<Rec, { t: 'call' }>,
  hears: Readonly<Record<string, HearDecl>>,
  prefix: string,
): Heard {
  const bytes = recordBytes(rec.body);
  const batchOf = rec.headers[LATEST_HEADER];
  if (batchOf !== undefined) {
    const { family } = hears[batchOf] as LatestDecl;
    const messages = decodeMsgpack(bytes) as [string, Bytes][];
    const told = messages.map(([subject, body]) => makeCall(rec.id, subject, {}, body, family.parse(prefix, subject)));
    return { input: batchOf, told };
  }
  for (const [input, heard] of inputsOf(hears)) {
    if (heard.hear !== 'calls') continue;
    const tokens = heard.family.parse(prefix, rec.subject) as Record<string, string> | undefined;
    if (hearsSubject(heard, prefix, rec.subject, tokens))
      return { input, told: makeCall(rec.id, rec.subject, rec.headers, bytes, tokens) };
  }
  return { told: makeCall(rec.id, rec.subject, rec.headers, bytes, undefined) };
}

const inputs = new WeakMap<Readonly<Record<string, HearDecl>>, readonly (readonly [string, HearDecl])[]>();

/** The inputs with their names: listed once a definition, since every turn looks through them. */
export function inputsOf(hears: Readonly<Record<string, HearDecl>>): readonly (readonly [string, HearDecl])[] {
  let listed = inputs.get(hears);
  if (listed === undefined) {
    listed = Object.entries(hears);
    inputs.set(hears, listed);
  }
  return listed;
}

/** What is answered to a question whose subject is not of the grammar of any input. */
export const unheard = (subject: string): Status =>
  failure(
    'BadRequest',
    `${subject}: a token is not escaped as it should be (bytes outside A-Z a-z 0-9 _ - become =XX)`,
  );

function makeCall(id: Id, subject: string, headers: Headers, bytes: Bytes, tokens: unknown): Call<never, never> {
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

/** @throws Error when a record still points into the history: whoever feeds an actor reads what is pointed at first */
export function recordBytes(body: Ref | Bytes): Bytes {
  if (body instanceof Uint8Array) return body;
  throw new Error(`record refers to ${body.key}@${body.revision}: whoever feeds it must resolve references first`);
}
