import type { History, RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { BUILT_IN } from '../../../contracts/kinds/registry.ts';
import { type Key, parseKey, storeKey } from '../../../contracts/store/keys.ts';
import { untoken } from '../../../contracts/subjects/token.ts';
import { revisionOf } from '../read/playable.ts';
import { aboutFinder, isKeyNamed, objectsNamed } from './plan-about.ts';

/*
 * An object that is deleted and created again has the same name and another uid. This module finds out which uid each turn
 * about a name is about.
 */

/** One object, from its creation to its deletion. */
export interface Life {
  /** The same for all objects that had the name one after the other. */
  readonly key: Key;
  readonly uid: string;
  /** Time of the first turn about it, in milliseconds since the Unix epoch. */
  readonly firstMs: number;
}

/** A turn about a name. */
export interface AboutTurn {
  /** Index of the turn. */
  readonly index: number;
  /** Of the objects that it is about; empty when that is not known. */
  readonly uids: ReadonlySet<string>;
}

/** Turns about a name, and the objects that had the name. */
export interface About {
  readonly turns: readonly AboutTurn[];
  readonly lives: readonly Life[];
}

/**
 * Finds the turns of a recording that are about a name. Pure.
 * @param text    the name, or `namespace/name`
 * @param isAbout whether a turn is about it; called with each turn in order
 */
export function planAbout(
  { turns, history }: { readonly turns: readonly RecordedTurn[]; readonly history: History },
  text: string,
  isAbout: (turn: RecordedTurn) => boolean = aboutFinder(text),
): About {
  const found: { index: number; uids: Set<string> }[] = [];
  const lives = new Map<string, Life>();
  const written = writesOf(history, turns, text);
  /** The uids of open requests about the name, by the request. */
  const asked = new Map<string, readonly string[]>();
  /** The uids of the last turn of which they are known. */
  let current: readonly string[] = [];
  /** Revision of the last change or start. */
  let changedAt = 0;
  for (const [index, turn] of turns.entries()) {
    const note = (key: Key, uid: string): string => {
      if (!lives.has(uid)) lives.set(uid, { key, uid, firstMs: turn.now });
      return uid;
    };
    const about = isAbout(turn);
    const before = changedAt;
    if (turn.rec.t === 'change' || turn.rec.t === 'start') changedAt = revisionOf(turn);
    if (!about) continue;
    const named = new Set(uidsNamed(turn, text, note, asked));
    if (turn.rec.t === 'change')
      for (const key of turn.rec.keys)
        for (const uid of written.between(key, before, changedAt)) named.add(note(key, uid));
    if (named.size === 0) for (const uid of written.seenBy(turn)) named.add(uid);
    if (named.size === 0) for (const uid of current) named.add(uid);
    else current = [...named];
    found.push({ index, uids: named });
  }
  return { turns: found, lives: [...lives.values()] };
}

/** The uids that the bodies of a turn name, and those of the request that it hears the answer to. */
function* uidsNamed(
  { n, rec, said }: RecordedTurn,
  text: string,
  note: (key: Key, uid: string) => string,
  asked: Map<string, readonly string[]>,
): Iterable<string> {
  const uidsIn = (body: unknown): readonly string[] =>
    objectsNamed(body, text).flatMap(({ kind, namespace, name, uid }) =>
      uid === undefined ? [] : [note(storeKey(resourceOf(kind), namespace, name), uid)],
    );
  if (rec.t === 'call') yield* uidsIn(rec.body);
  if (rec.t === 'answer') {
    yield* asked.get(rec.ask) ?? [];
    asked.delete(rec.ask);
    yield* uidsIn(rec.result);
  }
  for (const [at, { body }] of said.entries()) {
    const uids = uidsIn(body);
    if (uids.length > 0) asked.set(`${n}.${at}`, uids);
    yield* uids;
  }
}

/** References without a kind, and bindings, are to pods. */
const resourceOf = (kind: string | undefined): string =>
  BUILT_IN.kinds.find((one) => one.kind === kind)?.resource ?? 'pods';

interface Written {
  readonly revision: number;
  /** Absent = deleted. */
  readonly uid: string | undefined;
}

/** What the history holds of the objects with a name. */
function writesOf(history: History, turns: readonly RecordedTurn[], text: string) {
  const writes = new Map<Key, Written[]>();
  const note = (key: Key, revision: number, uid: string | undefined): void => {
    if (!isKeyNamed(key, text)) return;
    const all = writes.get(key);
    if (all === undefined) writes.set(key, [{ revision, uid }]);
    else all.push({ revision, uid });
  };
  const seen = turns.map(revisionOf).filter((revision) => revision > 0);
  const first = seen[0];
  if (first !== undefined) {
    for (const { key, revision, object } of history.stateAt(first)) note(key, revision, object.metadata?.uid);
    for (const { key, revision, object } of history.writes(
      first,
      seen.reduce((a, b) => Math.max(a, b)),
    ))
      note(key, revision, object?.metadata?.uid);
  }
  /** Index of the last write up to a revision. */
  const last = (all: readonly Written[], revision: number): number =>
    all.findLastIndex((one) => one.revision <= revision);
  const uidAt = (all: readonly Written[], at: number): readonly string[] => {
    const uid = all[at]?.uid ?? all[at - 1]?.uid; // a deletion is about what was deleted
    return uid === undefined ? [] : [uid];
  };
  return {
    /** Objects written or deleted between two revisions; without any, the one that was there. */
    between: (key: Key, after: number, upTo: number): readonly string[] => {
      const all = writes.get(key) ?? [];
      const within = all.flatMap(({ revision }, at) => (revision > after && revision <= upTo ? uidAt(all, at) : []));
      return within.length > 0 ? within : uidAt(all, last(all, upTo));
    },
    /** Objects that a turn saw; between a deletion and the next creation, the ones before and after. */
    seenBy: (turn: RecordedTurn): readonly string[] => {
      const revision = revisionOf(turn);
      const resources = resourcesIn(turn);
      const keys = revision === 0 ? [] : [...writes.keys()];
      const meant = keys.filter((key) => resources.has(parseKey(key)?.resource ?? ''));
      return (meant.length > 0 ? meant : keys).flatMap((key) => {
        const all = writes.get(key) ?? [];
        const at = last(all, revision);
        const isThere = all[at]?.uid !== undefined;
        return isThere ? uidAt(all, at) : [...uidAt(all, at), ...uidAt(all, at + 1)];
      });
    },
  };
}

/** The tokens of a turn's subjects, among them the resources that its requests are about. */
function resourcesIn({ rec, said }: RecordedTurn): ReadonlySet<string> {
  const subjects = [...(rec.t === 'call' ? [rec.subject] : []), ...said.map(({ subject }) => subject)];
  return new Set(subjects.flatMap((subject) => subject.split('.').map((token) => untoken(token)?.split('/')[0] ?? '')));
}

/** Which of several objects with one name is shown. */
export interface Chosen {
  readonly uids: ReadonlySet<string>;
  /** Objects that had the same name and are not shown, the newest first. */
  readonly others: readonly Life[];
}

/**
 * Chooses the newest of the objects that had one name, or those whose uid begins as asked. Pure.
 * @param uid the beginning of a uid
 */
export function chooseLives(lives: readonly Life[], uid?: string): Chosen {
  const newest = new Map<Key, Life>();
  for (const life of lives) {
    const known = newest.get(life.key);
    if (known === undefined || life.firstMs >= known.firstMs) newest.set(life.key, life);
  }
  const isChosen = (life: Life): boolean =>
    uid === undefined ? newest.get(life.key)?.uid === life.uid : life.uid.startsWith(uid);
  const chosen = lives.filter(isChosen);
  const keys = new Set(chosen.map(({ key }) => key));
  return {
    uids: new Set(chosen.map((life) => life.uid)),
    others: lives.filter((life) => !isChosen(life) && keys.has(life.key)).sort((a, b) => b.firstMs - a.firstMs),
  };
}
