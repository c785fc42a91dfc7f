import type { Bytes, Ref } from '../contract.ts';

/** @throws Error when a record still points into the history: whoever feeds an actor reads what is pointed at first */
export function recordBytes(body: Ref | Bytes): Bytes {
  if (body instanceof Uint8Array) return body;
  throw new Error(`record refers to ${body.key}@${body.revision}: whoever feeds it must resolve references first`);
}
