import { decode, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import type { Bytes } from '../../kernel/contract.ts';

/** The answer to a write is `{revision}` and nothing else: a dozen bytes. */
const ANSWER_BYTES_MAX = 32;

/** The revision that the store's answer to a write names; `undefined` for any other answer. */
export function revisionIn(answer: Bytes): number | undefined {
  if (answer.length > ANSWER_BYTES_MAX) return undefined;
  try {
    return (decode(answer, MSGPACK_TYPE) as { readonly revision?: number } | undefined)?.revision;
  } catch {
    return undefined;
  }
}
