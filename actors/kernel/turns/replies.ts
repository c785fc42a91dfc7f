import { type ContentType, contentTypeOf, JSON_TYPE, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { HEADER, type Headers } from '../../../contracts/headers.ts';
import type { Bytes, Call, Said } from '../contract.ts';

/** The answer to a call, in the encoding of the request. */
export const replyTo = (call: Call, body: unknown): Said => ({
  kind: 'reply',
  say: 'reply',
  subject: call.reply ?? '',
  body,
  call: call.id,
  headers: { [HEADER.contentType]: encodingOfQuestion(call.bytes, call.headers) },
});

/** The encoding of an output: its `Content-Type`, which replies take from their request; default MessagePack. */
export const encodingOfSaid = ({ headers }: Said): ContentType =>
  (headers?.[HEADER.contentType] as ContentType | undefined) ?? MSGPACK_TYPE;

/** The encoding for an answer or a refusal: that of the request; JSON when the request's encoding is not recognised. */
export function encodingOfQuestion(bytes: Bytes, headers: Headers): ContentType {
  try {
    return contentTypeOf(bytes, headers[HEADER.contentType]);
  } catch {
    return JSON_TYPE;
  }
}
