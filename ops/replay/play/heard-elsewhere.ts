import {
  type Bytes,
  callOf,
  type Id,
  isHashOf,
  isKeptBySender,
  openRec,
  type Rec,
  type RecordedTurn,
  type SaidThen,
  type Sealer,
} from '../../../actors/kernel/replay-api.ts';
import { type Elsewhere, indexOfTurn, nameOf, type Recorded } from '../read/playable.ts';

interface HeardThere {
  readonly turn: RecordedTurn;
  readonly sealer: Sealer | undefined;
}

/**
 * Looks up bodies that the sender recorded only as a hash: the receiver's recording has the whole message. The hash proves
 * that it is the right one.
 */
export class HeardElsewhere implements Elsewhere {
  readonly #groups: RecordingGroup[];
  #rest: (() => Promise<readonly Recorded[]>) | undefined;

  /**
   * @param near groups of recordings to search in order; each is read when it is searched
   * @param rest reads all other recordings
   */
  constructor(near: readonly (() => readonly Recorded[])[], rest?: () => Promise<readonly Recorded[]>) {
    this.#groups = near.map((read) => new RecordingGroup(read));
    this.#rest = rest;
  }

  async complete(): Promise<boolean> {
    const rest = await this.#rest?.();
    this.#rest = undefined;
    if (rest === undefined) return false;
    this.#groups.push(new RecordingGroup(() => rest));
    return true;
  }

  heard(from: Recorded, index: number, then: SaidThen): Bytes | undefined {
    const id = then.kind === 'reply' ? callOf(from.turns, index, then.subject)?.id : idOf(from, index, then);
    if (id === undefined) return undefined;
    for (const group of this.#groups) {
      const there = then.kind === 'reply' ? group.answerTo(id) : group.call(id);
      const bytes = there === undefined ? undefined : bodyHeard(there);
      if (bytes !== undefined && proves(then, bytes, from.sealer)) return bytes;
    }
    return undefined;
  }
}

/** Recordings that are read together. */
class RecordingGroup {
  readonly #read: () => readonly Recorded[];
  #all: readonly Recorded[] | undefined;
  /** Messages that their senders record only as a hash, by id. */
  #calls: ReadonlyMap<Id, HeardThere> | undefined;

  constructor(read: () => readonly Recorded[]) {
    this.#read = read;
  }

  /** The turn that received a request or message. */
  call(id: Id): HeardThere | undefined {
    this.#calls ??= callsIn(this.#playables);
    return this.#calls.get(id);
  }

  /** The turn that received the answer to a request. The id of the request names its sender. */
  answerTo(id: Id): HeardThere | undefined {
    const [, name, incarnation = '', n = '', at = ''] = /^(.+)\/([0-9a-z]+)\.(\d+)\.(\d+)$/.exec(id) ?? [];
    const began = Number.parseInt(incarnation, 36);
    const asker = this.#playables.find((one) => one.incarnation.incarnation === began && nameOf(one) === name);
    if (asker === undefined) return undefined;
    const { turns, sealer } = asker;
    for (let next = indexOfTurn(turns, Number(n)) + 1; next < turns.length; next++) {
      const turn = turns[next] as RecordedTurn;
      if (turn.rec.t === 'answer' && turn.rec.ask === `${n}.${at}`) return { turn, sealer };
      if (turn.rec.t === 'start') return undefined; // a fresh start awaits no answer
    }
    return undefined;
  }

  get #playables(): readonly Recorded[] {
    return (this.#all ??= this.#read());
  }
}

/** The id of a message: `scheduler/m1/k2x8.19.0`. */
function idOf(from: Recorded, index: number, then: SaidThen): Id | undefined {
  const turn = from.turns[index];
  return turn && `${nameOf(from)}/${from.incarnation.incarnation.toString(36)}.${turn.n}.${turn.said.indexOf(then)}`;
}

function callsIn(all: readonly Recorded[]): ReadonlyMap<Id, HeardThere> {
  const calls = new Map<Id, HeardThere>();
  for (const { turns, sealer } of all) {
    for (const turn of turns) {
      const { rec, sealed } = turn;
      if (rec.t === 'call' && (sealed === true || !isKeptBySender(rec.subject, bodyOf(rec)?.length ?? 0)))
        calls.set(rec.id, { turn, sealer });
    }
  }
  return calls;
}

function bodyHeard({ turn, sealer }: HeardThere): Bytes | undefined {
  const rec = turn.sealed === true ? openRec(turn.rec, sealer) : turn.rec;
  return rec && bodyOf(rec);
}

function bodyOf(rec: Rec): Bytes | undefined {
  const body = rec.t === 'call' ? rec.body : rec.t === 'answer' ? rec.result : undefined;
  return body instanceof Uint8Array ? body : undefined;
}

/** Whether the hash of something said is the hash of these bytes. */
export function proves(then: SaidThen, bytes: Bytes, sealer?: Sealer): boolean {
  const { kind, subject, hash, size } = then;
  return bytes.length === size && hash !== '' && isHashOf(then, { kind, subject, bytes }, sealer);
}
