import { type ContentType, encode } from '../../../contracts/codec/codec.ts';
import type { Bytes, Hash, Id, Said, Turn } from '../contract.ts';
import { bodyDigest, bodyHash } from '../journal/body-hash.ts';
import { encodingOfSaid } from './replies.ts';

/** An output of a turn, encoded. */
export interface Outgoing {
  /** `<turn>.<index>` */
  readonly id: Id;
  readonly said: Said;
  /** The encoded body. */
  readonly bytes: Bytes;
  readonly contentType: ContentType;
  /** Digest of `bytes`; computed on first use, since an output recorded with its body needs none. */
  readonly digest: bigint;
  /** `digest` as text. */
  readonly hash: Hash;
  /** Set for an ask. */
  readonly timeoutMs?: number;
}

const EMPTY = new Uint8Array(0);

/** @throws Error when the body cannot be encoded */
export function outgoing(id: Id, said: Said, timeoutMs: number | undefined): Outgoing {
  const contentType = encodingOfSaid(said);
  const bytes = said.body === undefined ? EMPTY : encode(said.body, contentType);
  return new Encoded(id, said, bytes, contentType, timeoutMs);
}

class Encoded implements Outgoing {
  readonly id: Id;
  readonly said: Said;
  readonly bytes: Bytes;
  readonly contentType: ContentType;
  readonly timeoutMs?: number;
  #digest: bigint | undefined;

  constructor(id: Id, said: Said, bytes: Bytes, contentType: ContentType, timeoutMs: number | undefined) {
    this.id = id;
    this.said = said;
    this.bytes = bytes;
    this.contentType = contentType;
    if (timeoutMs !== undefined) this.timeoutMs = timeoutMs;
  }

  get digest(): bigint {
    this.#digest ??= bodyDigest(this.bytes);
    return this.#digest;
  }

  get hash(): Hash {
    return bodyHash(this.digest);
  }
}

/** A turn whose outputs are hashed only when `out` is read. */
export const turnOf = (turn: Omit<Turn, 'out'>, out: readonly Outgoing[]): Turn => new DoneTurn(turn, out);

/** A class, so that all turns have the same hidden class: object literals with a getter would not. */
class DoneTurn implements Turn {
  readonly n: number;
  readonly rec: Turn['rec'];
  readonly now: number;
  readonly view: Turn['view'];
  readonly state?: Hash;
  readonly stateHoldsSecret?: boolean;
  readonly #said: readonly Outgoing[];

  constructor({ n, rec, now, view, state, stateHoldsSecret }: Omit<Turn, 'out'>, said: readonly Outgoing[]) {
    this.n = n;
    this.rec = rec;
    this.now = now;
    this.view = view;
    if (state !== undefined) this.state = state;
    if (stateHoldsSecret !== undefined) this.stateHoldsSecret = stateHoldsSecret;
    this.#said = said;
  }

  get out(): readonly Hash[] {
    return this.#said.map(({ hash }) => hash);
  }
}
