import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { Key } from '../../contracts/store/keys.ts';
import { Cache, type CacheEntry, type Write } from './cache.ts';
import type { Rec } from './contract.ts';
import { ActorCore, type TurnDone } from './core.ts';
import type { ActorDefinition } from './declare.ts';
import { hashOf } from './hash.ts';
import type { RecordedTurn, SaidThen, Sealer } from './journal.ts';
import type { Outgoing } from './outgoing.ts';
import { PendingChanges, watchedResources } from './pending-changes.ts';
import type { Incarnation } from './recorder.ts';
import { describeViolation } from './violation.ts';

/** What was in the store when: every write, in order. */
export interface History {
  /** Live objects as of a revision. */
  stateAt(revision: number): Iterable<CacheEntry>;
  /** Writes and deletions with `from < revision <= to`, oldest first. */
  writes(from: number, to: number): Iterable<Write>;
}

/** A history held in memory, from all writes in order of revision. */
export class MemoryHistory implements History {
  readonly #writes: readonly Write[];
  constructor(writes: readonly Write[]) {
    this.#writes = writes;
  }
  stateAt(revision: number): Iterable<CacheEntry> {
    const live = new Map<Key, CacheEntry>();
    for (const write of this.writes(0, revision)) {
      if (write.object === undefined) live.delete(write.key);
      else live.set(write.key, { key: write.key, revision: write.revision, object: write.object });
    }
    return live.values();
  }
  *writes(from: number, to: number): Iterable<Write> {
    let low = 0;
    let high = this.#writes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#writes[middle]?.revision ?? 0) <= from) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < this.#writes.length; at++) {
      const write = this.#writes[at] as Write;
      if (write.revision > to) return;
      yield write;
    }
  }
}

/**
 * What must be the same. `strict`: everything said, byte by byte, and the cells at every checkpoint. `shape`: what kind of
 * thing was said, on which subject; bodies may differ. `state`: the cells at every checkpoint alone.
 */
export type Level = 'strict' | 'shape' | 'state';

/** The first turn that today's code plays differently. */
export interface Divergence {
  readonly turn: number;
  readonly now: number;
  readonly rec: Rec;
  readonly what: string;
  readonly saidThen: readonly SaidThen[];
  readonly saidNow: readonly Outgoing[];
}

export interface Replayed {
  /** Turns played and found the same. */
  readonly turns: number;
  /** Turns that could not be played: before the first start, or dropped by the recorder. */
  readonly skipped: number;
  readonly divergence?: Divergence;
}

/**
 * Plays one incarnation's recorded turns against a definition, with no clock, no network and no store.
 * @param turns  in order of number; the first one played is the first `start`
 * @param sealer opens bodies that carry secret data
 */
export function replay(
  definition: ActorDefinition,
  incarnation: Incarnation,
  turns: Iterable<RecordedTurn>,
  history: History,
  sealer?: Sealer,
): Replayed {
  const player = new Player(definition, incarnation, history, sealer);
  for (const turn of turns) {
    const divergence = player.play(turn);
    if (divergence !== undefined) return { turns: player.played, skipped: player.skipped, divergence };
  }
  return { turns: player.played, skipped: player.skipped };
}

/** Plays a recording turn by turn; what stands around the behaviour is as it was live. */
export class Player {
  readonly cache = new Cache({ freeze: true });
  readonly core: ActorCore;
  played = 0;
  skipped = 0;
  /** What the turn played last did; absent when it could not be played. */
  done: TurnDone | undefined;
  readonly #history: History;
  readonly #level: Level;
  readonly #sealer: Sealer | undefined;
  readonly #pending: PendingChanges;
  readonly #incarnation: Incarnation;
  #begun = false;
  #last = 0;

  constructor(
    definition: ActorDefinition,
    incarnation: Incarnation,
    history: History,
    sealer?: Sealer,
    level: Level = 'strict',
  ) {
    this.#history = history;
    this.#level = level;
    this.#sealer = sealer;
    this.#incarnation = incarnation;
    this.#pending = new PendingChanges(watchedResources(definition.hears));
    this.core = new ActorCore(definition, {
      self: incarnation.self,
      view: this.cache,
      seed: incarnation.seed,
      freeze: true,
    });
  }

  /**
   * Plays the next turn, also after one that went differently: with what was heard then, whatever is said now.
   * @returns the divergence, if this turn goes differently now
   */
  play(turn: RecordedTurn): Divergence | undefined {
    this.done = undefined;
    if (this.#begun && turn.n <= this.#last) return undefined; // a segment that was sent twice
    const follows = this.#begun && turn.n === this.#last + 1;
    if (!follows) {
      // After a gap only a start tells everything that there is to know.
      if (turn.rec.t !== 'start') {
        this.skipped += 1;
        this.#begun = false;
        return undefined;
      }
      this.#begin(turn);
      this.#moveView(turn.view['objects'] ?? 0);
      this.#pending.take(); // a start has been told of everything up to here, or will be at once
    }
    this.#last = turn.n;
    this.#moveView(turn.view['objects'] ?? 0);
    const otherCells = follows && this.#level !== 'shape' && !this.#stateIs(turn.rec);
    let before: ReadonlyMap<Key, KubeObject | undefined> | undefined;
    let otherChange: string | undefined;
    if (turn.rec.t === 'change') {
      const taken = this.#pending.take();
      before = taken.before;
      if (taken.keys.join() !== turn.rec.keys.join())
        otherChange = `the history does not have what changed: recorded ${brief(turn.rec.keys)}, history ${brief(taken.keys)}`;
    }
    const done = this.core.run(
      this.#opened(turn),
      turn.now,
      turn.view,
      before === undefined ? undefined : (key) => before.get(key),
    );
    this.done = done;
    if (turn.rec.t === 'start' && turn.rec.checkpoint === undefined) this.#pending.noteAll(this.cache);
    const what = otherCells
      ? 'the state in its cells is not what it was'
      : (otherChange ?? difference(turn, done, this.core, this.#level));
    if (what !== undefined) return diverged(turn, what, done.out);
    this.played += 1;
    return undefined;
  }

  /** At a checkpoint: are the cells what they were then? */
  #stateIs(rec: Rec): boolean {
    const cells = rec.t === 'start' && rec.checkpoint !== undefined ? this.core.checkpoint(0)?.cells : undefined;
    return cells === undefined || rec.t !== 'start' || stateHash(cells) === stateHash(rec.checkpoint?.cells);
  }

  #begin(turn: RecordedTurn): void {
    const checkpoint = turn.rec.t === 'start' ? turn.rec.checkpoint : undefined;
    const window = checkpoint?.window ?? this.#incarnation.window;
    this.cache.relist(this.#history.stateAt(window), window);
    this.core.resumeAt(turn.n - 1);
    this.#begun = true;
  }

  #moveView(revision: number): void {
    for (const write of this.#history.writes(this.cache.revision, revision))
      this.#pending.note(this.cache.apply(write));
    this.cache.advance(revision);
  }

  #opened(turn: RecordedTurn): Rec {
    const { rec } = turn;
    const box = rec.t === 'call' ? rec.body : rec.t === 'answer' ? rec.result : undefined;
    if (turn.sealed !== true || !(box instanceof Uint8Array)) return rec;
    if (this.#sealer === undefined)
      throw new Error(`turn ${turn.n}: its body carries secret data and is sealed; give the cluster's key`);
    const bytes = this.#sealer.open(box);
    return rec.t === 'call' ? { ...rec, body: bytes } : ({ ...rec, result: bytes } as Rec);
  }
}

const stateHash = (cells: unknown): string => hashOf(JSON.stringify(cells));
const diverged = (turn: RecordedTurn, what: string, saidNow: readonly Outgoing[]): Divergence => ({
  turn: turn.n,
  now: turn.now,
  rec: turn.rec,
  what,
  saidThen: turn.said,
  saidNow,
});
const brief = (keys: readonly Key[]): string =>
  keys.length > 4 ? `${keys.slice(0, 4).join(', ')} and ${keys.length - 4} more` : keys.join(', ') || 'nothing';

function difference(turn: RecordedTurn, done: TurnDone, core: ActorCore, level: Level): string | undefined {
  const violation = core.violations[0];
  if (violation !== undefined) return describeViolation(violation);
  const found = level === 'state' ? undefined : saidDifferently(turn, done.out, level);
  if (found === undefined || done.failed === undefined) return found;
  return `${found}; now the turn fails: ${done.failed instanceof Error ? done.failed.message : String(done.failed)}`;
}

function saidDifferently(turn: RecordedTurn, out: readonly Outgoing[], level: Level): string | undefined {
  const byShape = turn.shape === true || level === 'shape';
  for (const [at, then] of turn.said.entries()) {
    const now = out[at];
    if (now === undefined)
      return `then it said ${turn.said.length} things, now ${out.length}: missing is ${then.say} on ${then.subject || 'the reply'}`;
    const same = byShape
      ? now.said.kind === then.kind && now.said.say === then.say && now.said.subject === then.subject
      : now.hash === then.hash;
    if (!same)
      return `thing ${at + 1} of ${turn.said.length} said differs: then ${then.say} on ${then.subject}, now ${now.said.say} on ${now.said.subject}`;
  }
  const extra = out[turn.said.length];
  if (extra !== undefined) return `now it also says ${extra.said.say} on ${extra.said.subject || 'the reply'}`;
  return undefined;
}
