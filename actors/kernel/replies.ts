import { type ContentType, contentTypeOf, JSON_TYPE, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import { HEADER } from '../../contracts/headers.ts';
import type { Call, Said } from './contract.ts';

/** The answer to a call, in the encoding of the question. */
export const replyTo = (call: Call, body: unknown): Said => ({
  kind: 'reply',
  say: 'reply',
  subject: call.reply ?? '',
  body,
  call: call.id,
  headers: { [HEADER.contentType]: encodingOf(call) },
});

/** The encoding in which a thing said travels. */
export const encodingOfSaid = (said: Said): ContentType =>
  said.kind === 'reply'
    ? ((said.headers?.[HEADER.contentType] as ContentType | undefined) ?? MSGPACK_TYPE)
    : MSGPACK_TYPE;

/** An unreadable question is answered in JSON. */
function encodingOf(call: Call): ContentType {
  try {
    return contentTypeOf(call.bytes, call.headers[HEADER.contentType]);
  } catch {
    return JSON_TYPE;
  }
}
