import type { ContentType } from '../../contracts/codec/codec.ts';
import type { Bytes, Hash, Id, Said } from './contract.ts';

/** One thing that a turn said, ready to be sent. */
export interface Outgoing {
  /** `<turn>.<index>` */
  readonly id: Id;
  readonly said: Said;
  /** The body in the encoding in which it travels. */
  readonly bytes: Bytes;
  readonly contentType: ContentType;
  readonly hash: Hash;
  /** Set when an answer is awaited. */
  readonly timeoutMs?: number;
}
