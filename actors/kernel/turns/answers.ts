import { decode, decodeMsgpack, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { failure, isFailure } from '../../../contracts/errors/status.ts';
import type { Bytes, Rec, Said } from '../contract.ts';
import { Refused } from '../reconcile/refusal.ts';
import { recordBytes } from './call-routing.ts';

/** The result of an ask: the answer's bytes, a refusal, or a timeout. */
export type AskResult = Extract<Rec, { t: 'answer' }>['result'];

/**
 * Decodes the answer to an ask.
 * @throws Refused when the request was refused or timed out; StatusError when the answer cannot be decoded
 */
export function answerOf(said: Said, timeoutMs: number, result: AskResult): unknown {
  if (result === 'timeout') {
    const finding = `${said.say}: no answer on ${said.subject} within ${timeoutMs} ms`;
    throw new Refused(said.say, failure('Timeout', finding));
  }
  const body = isFailure(result) ? result : bodyOf(said, recordBytes(result));
  if (isFailure(body)) throw new Refused(said.say, body);
  return body;
}

/** A driver of this process may answer at any length; answers of others are checked as all messages from outside are. */
const bodyOf = ({ kind }: Said, bytes: Bytes): unknown =>
  kind === 'port' && bytes.length > 0 ? decodeMsgpack(bytes) : decode(bytes, MSGPACK_TYPE);
