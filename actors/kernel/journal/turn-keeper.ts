import { decode, encodeMsgpack, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { isFailure } from '../../../contracts/errors/status.ts';
import type { Rec, Turn } from '../contract.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import {
  carriesStream,
  keptOf,
  type SaidToKeep,
  type Sealer,
  saidInSecret,
  shapeOf,
  type TurnToKeep,
} from './journal.ts';
import { sealRec } from './sealed-record.ts';
import { Secrecy } from './secrecy.ts';

/** Turns the turns of one incarnation into what a recording keeps: secrets are sealed, streams of bytes reduced to their shape. */
export class TurnKeeper {
  readonly #sealer: Sealer | undefined;
  readonly #secrecy: Secrecy;
  /** Open asks whose answers are streams of bytes. */
  readonly #streams = new Set<string>();

  /**
   * @param prefix of the cluster's subjects
   * @param sealer without it, bodies that carry secret data are recorded as empty
   */
  constructor(prefix: string, sealer?: Sealer) {
    this.#secrecy = new Secrecy(prefix);
    this.#sealer = sealer;
  }

  /** Whether no open ask or call needs special treatment. */
  get idle(): boolean {
    return this.#streams.size === 0 && this.#secrecy.idle;
  }

  keep({ n, now, view, rec, state, stateHoldsSecret }: Turn, out: readonly Outgoing[]): TurnToKeep {
    const shape = rec.t === 'answer' && this.#streams.size > 0 && this.#streams.delete(rec.ask);
    const sealed = this.#secrecy.heard(rec);
    const said = out.map((one) => this.#saidToKeep(one));
    if (!shape && !sealed && state === undefined) return { n, now, view, rec, said };
    const kept = shape ? { rec: withShape(rec), shape } : sealed ? sealRec(rec, this.#sealer) : { rec };
    if (state === undefined) return { n, now, view, said, ...kept };
    if (stateHoldsSecret !== true) return { n, now, view, said, ...kept, state };
    const keyed = this.#sealer?.keyed(state);
    return { n, now, view, said, ...kept, ...(keyed === undefined ? {} : { state: keyed, stateKeyed: true }) };
  }

  #saidToKeep(out: Outgoing): SaidToKeep {
    if (out.timeoutMs !== undefined && carriesStream(out.said.subject)) this.#streams.add(out.id);
    return this.#secrecy.mayBeKept(out) ? keptOf(out) : saidInSecret(out, this.#sealer);
  }
}

/** An answer that carries a stream of bytes, reduced to its shape. */
function withShape(rec: Rec): Rec {
  if (rec.t !== 'answer' || !(rec.result instanceof Uint8Array)) return rec;
  try {
    const answer = decode(rec.result, MSGPACK_TYPE);
    return isFailure(answer) ? rec : { ...rec, result: encodeMsgpack(shapeOf(answer)) };
  } catch {
    return { ...rec, result: new Uint8Array(0) }; // the behaviour could not read it either
  }
}
