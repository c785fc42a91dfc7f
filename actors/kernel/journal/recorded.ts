import type { Bytes, Cursor, Hash, Json, Millis, Rec } from '../contract.ts';
import type { Incarnation } from './recorder.ts';

/** One message, request, answer or report of a turn, as recorded. The body is absent when it was long, an answer, or secret. */
export interface SaidThen {
  readonly kind: string;
  readonly say: string;
  readonly subject: string;
  /** Of the body. Empty when the body carries secret data and there was no key to make the hash with. */
  readonly hash: Hash;
  /** The hash was made with the cluster's key, because the body carries secret data. */
  readonly keyed?: boolean;
  /** Bytes of the body. */
  readonly size: number;
  readonly body?: Bytes;
  /** Why the actor said it, in the actor's own form; for readers of the recording. */
  readonly why?: Json;
}

/** The same on its way into a recording. The hash of a body that is kept is left out: the reader computes it. */
export type SaidToKeep = { readonly [Field in keyof SaidThen]?: SaidThen[Field] | undefined } & Pick<
  SaidThen,
  'kind' | 'say' | 'subject' | 'size'
> & {
    /** Replaces the hash when the body is not kept. */
    readonly digest?: bigint | undefined;
  };

/** A turn on its way into a recording. */
export interface TurnToKeep extends Omit<RecordedTurn, 'said'> {
  readonly said: readonly SaidToKeep[];
}

/** A turn as recorded. */
export interface RecordedTurn {
  readonly n: number;
  readonly now: Millis;
  readonly view: Cursor;
  readonly rec: Rec;
  readonly said: readonly SaidThen[];
  /** The record's body is sealed with the cluster's key. */
  readonly sealed?: boolean;
  /** The record's body is a stream of bytes and only its shape is recorded, so what the turn said is compared by shape. */
  readonly shape?: boolean;
  /** Hash of the cells and the random generator after this turn; recorded for some turns only. */
  readonly state?: Hash;
  /** The cells hold secret data, so the hash of the state was made with the cluster's key. */
  readonly stateKeyed?: boolean;
}

/** One message of the journal: consecutive turns of one incarnation. It can be read without any other segment. */
export interface Segment {
  readonly incarnation: Incarnation;
  /** Turns dropped just before this segment because the recorder could not keep up. */
  readonly gap: number;
  readonly turns: readonly RecordedTurn[];
}

/** Seals bodies that carry secret data, and opens them again. */
export interface Sealer {
  seal(bytes: Bytes): Bytes;
  /** @throws Error when the bytes were not sealed with this key */
  open(bytes: Bytes): Bytes;
  /** An HMAC of the hash. A plain hash would let a reader without the key test guesses of the secret. */
  keyed(hash: Hash): Hash;
}
