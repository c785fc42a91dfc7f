import { type ContentType, contentTypeOf, JSON_TYPE, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { HEADER, type Headers } from '../../../contracts/headers.ts';
import type { Bytes, Call, Said } from '../contract.ts';

/** The answer to a call, in the encoding of the question. */
export const replyTo = (call: Call, body: unknown): Said => ({
  kind: 'reply',
  say: 'reply',
  subject: call.reply ?? '',
  body,
  call: call.id,
  headers: { [HEADER.contentType]: encodingOfQuestion(call.bytes, call.headers) },
});

/** The encoding in which a thing said travels: MessagePack, unless it answers somebody who asked in another. */
export const encodingOfSaid = ({ headers }: Said): ContentType =>
  (headers?.[HEADER.contentType] as ContentType | undefined) ?? MSGPACK_TYPE;

/** Answers come in the encoding of the question, a refusal too; an unreadable question is answered in JSON. */
export function encodingOfQuestion(bytes: Bytes, headers: Headers): ContentType {
  try {
    return contentTypeOf(bytes, headers[HEADER.contentType]);
  } catch {
    return JSON_TYPE;
  }
}
