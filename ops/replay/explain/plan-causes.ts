import type { Id, Millis, RecordedTurn, StoreWrites } from '../../../actors/kernel/replay-api.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { type Key, parseKey } from '../../../contracts/store/keys.ts';
import { nameOf, type Playable } from '../read/playable.ts';

/** One link of the chain that led to a turn. */
export interface Cause {
  /** `scheduler/m1` */
  readonly actor: string;
  readonly turn?: number;
  readonly now?: Millis;
  /** What happened; the text follows "because". */
  readonly what: string;
}

export interface LastWrite {
  readonly revision: number;
  readonly deleted: boolean;
}

/** What the chain is followed through. */
export interface Recordings {
  readonly all: readonly Playable[];
  /** Turns that set the timers of a `due` turn, where they are known. */
  readonly timersSetIn: (playable: Playable, index: number) => readonly number[];
  /** A key's last write or deletion as a turn saw it; undefined = there was none. */
  readonly writeAt: (playable: Playable, index: number, key: Key) => LastWrite | undefined;
  /** Of an actor that writes to the store: which of its requests do. */
  readonly storeWritesOf: (actor: string) => StoreWrites | undefined;
}

const LINKS_MAX = 40;

/**
 * Why a turn ran: from its input to the message, timer or change that caused it, to the turn that sent it, and so on as far
 * as the recordings go.
 * @param about a text that contains the name of an object; of several changes, the one of that object is followed
 * @returns the chain, the nearest cause first
 */
export function causesOf(recordings: Recordings, playable: Playable, index: number, about = ''): readonly Cause[] {
  const causes: Cause[] = [];
  const seen = new Set<RecordedTurn>();
  let at: Place | undefined = { playable, index };
  while (at !== undefined && causes.length < LINKS_MAX) {
    const turn: RecordedTurn | undefined = at.playable.turns[at.index];
    if (turn === undefined || seen.has(turn)) break;
    seen.add(turn);
    const { what, next }: Link = linkAt(recordings, at, turn, about);
    causes.push({ actor: nameOf(at.playable), turn: turn.n, now: turn.now, what });
    if (next !== undefined && 'actor' in next) causes.push(next);
    at = next !== undefined && 'index' in next ? next : undefined;
  }
  return causes;
}

interface Place {
  readonly playable: Playable;
  readonly index: number;
}
interface Link {
  readonly what: string;
  /** The next turn, or the last cause that is known. */
  readonly next?: Place | Cause | undefined;
}

function linkAt(recordings: Recordings, { playable, index }: Place, turn: RecordedTurn, about: string): Link {
  const { rec } = turn;
  if (rec.t === 'start')
    return {
      what:
        rec.checkpoint === undefined ? 'it started' : `it continued from its checkpoint of turn ${rec.checkpoint.turn}`,
    };
  if (rec.t === 'answer') {
    const asked = placeOfTurn(playable, turnOf(rec.ask));
    const said = asked === undefined ? undefined : playable.turns[asked.index]?.said[indexIn(rec.ask)];
    return {
      what: `heard the answer to ${said === undefined ? `ask ${rec.ask}` : `${said.say} ${said.subject}`}`,
      next: asked,
    };
  }
  if (rec.t === 'due') {
    const [set] = recordings.timersSetIn(playable, index);
    return {
      what: set === undefined ? 'a timer fired' : `a timer fired that turn ${set} had set`,
      next: set === undefined ? undefined : placeOfTurn(playable, set),
    };
  }
  if (rec.t === 'call') return { what: `heard ${rec.subject}`, next: senderOf(recordings, rec.id, rec.headers) };
  return changeLink(recordings, { playable, index }, rec.keys, about);
}

function changeLink(recordings: Recordings, place: Place, keys: readonly Key[], about: string): Link {
  const key = keys.find((one) => about.includes(one.slice(one.indexOf('.') + 1))) ?? keys[0];
  if (key === undefined) return { what: 'heard that something changed' };
  const write = recordings.writeAt(place.playable, place.index, key);
  const more = keys.length > 1 ? ` and ${keys.length - 1} more` : '';
  if (write === undefined) return { what: `heard that ${keyText(key)} changed${more}` };
  const { revision, deleted } = write;
  return {
    what: `heard that ${keyText(key)} was ${deleted ? 'deleted' : 'written'} (revision ${revision})${more}`,
    next: writerOf(recordings, revision),
  };
}

/** The turn that asked the store to write a revision. */
function writerOf({ all, storeWritesOf }: Recordings, revision: number): Place | undefined {
  for (const playable of all) {
    const writes = storeWritesOf(playable.incarnation.self.actor);
    if (writes === undefined) continue;
    for (const { rec } of playable.turns) {
      if (rec.t !== 'answer' || !(rec.result instanceof Uint8Array)) continue;
      if (writes.revisionIn(rec.result) !== revision) continue;
      const asked = placeOfTurn(playable, turnOf(rec.ask));
      const said = asked === undefined ? undefined : playable.turns[asked.index]?.said[indexIn(rec.ask)];
      if (said !== undefined && writes.isWrite(said)) return asked;
    }
  }
  return undefined;
}

/** Message ids are `<actor>/<instance>/<incarnation in base 36>.<turn>.<index>`. */
function senderOf({ all }: Recordings, id: Id, headers: Readonly<Record<string, string>>): Place | Cause | undefined {
  for (const message of [id, headers[HEADER.cause] ?? '']) {
    const [, actor, instance, incarnation = '', turn = ''] =
      /^([^/]+)\/([^/]+)\/([0-9a-z]+)\.(\d+)\.\d+$/.exec(message) ?? [];
    if (actor === undefined) continue;
    const sender = all.find(
      ({ incarnation: one }) =>
        one.self.actor === actor &&
        one.self.instance === instance &&
        one.incarnation === Number.parseInt(incarnation, 36),
    );
    const place = sender === undefined ? undefined : placeOfTurn(sender, Number(turn));
    if (place !== undefined) return place;
  }
  const from = id.split('/').slice(0, -1).join('/');
  return from === '' ? undefined : { actor: from, what: `sent it (message ${id})` };
}

function placeOfTurn(playable: Playable, n: number): Place | undefined {
  let low = 0;
  let high = playable.turns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((playable.turns[middle]?.n ?? 0) < n) low = middle + 1;
    else high = middle;
  }
  return playable.turns[low]?.n === n ? { playable, index: low } : undefined;
}

const turnOf = (id: Id): number => Number(id.split('.')[0]);
const indexIn = (id: Id): number => Number(id.split('.')[1]);

/** `pods default/web` */
export function keyText(key: Key): string {
  const parts = parseKey(key);
  if (parts === undefined) return key;
  return `${parts.resource} ${parts.namespace === '' ? '' : `${parts.namespace}/`}${parts.name}`;
}
