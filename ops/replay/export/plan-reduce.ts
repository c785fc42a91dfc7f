import type { AskId, Json, LastingAsk, Rec, RecordedTurn, SaidThen } from '../../../actors/kernel/replay-api.ts';
import { decodeMsgpack } from '../../../contracts/codec/codec.ts';
import { type Key, parseKey, storeKey } from '../../../contracts/store/keys.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';

/** What to drop from a recording. */
export interface Reduction {
  /** Numbers of turns. */
  readonly turns: ReadonlySet<number>;
  /** Keys of objects. */
  readonly keys: ReadonlySet<Key>;
}

/**
 * The remaining turns of a recording, renumbered: without the dropped turns, without what was heard and said about dropped
 * objects, and without answers to dropped requests. The result may not play any more. Pure.
 */
export function reduceTurns(
  turns: readonly RecordedTurn[],
  prefix: string,
  reduction: Reduction,
): readonly RecordedTurn[] {
  const reduced: RecordedTurn[] = [];
  const asks = new Map<AskId, AskId>();
  const concernsDropped = concernedWith(reduction.keys, prefix);
  for (const turn of turns) {
    if (reduction.turns.has(turn.n)) continue;
    const n = reduced.length + 1;
    const rec = reduceRec(turn.rec, n, reduction.keys, asks);
    if (rec === undefined) continue;
    const said: SaidThen[] = [];
    for (const [at, one] of turn.said.entries()) {
      if (concernsDropped(one)) continue;
      asks.set(`${turn.n}.${at}`, `${n}.${said.length}`);
      said.push(one);
    }
    const { state: _state, stateKeyed: _keyed, ...rest } = turn; // the state may be another one now
    reduced.push({ ...rest, n, rec, said });
  }
  return reduced;
}

/** @returns undefined when nothing is left of it */
function reduceRec(rec: Rec, n: number, keys: ReadonlySet<Key>, asks: Map<AskId, AskId>): Rec | undefined {
  if (rec.t === 'answer') {
    const ask = asks.get(rec.ask);
    return ask === undefined ? undefined : { ...rec, ask };
  }
  if (rec.t === 'change') {
    const left = rec.keys.filter((key) => !keys.has(key));
    return left.length === 0 ? undefined : { t: 'change', keys: left };
  }
  if (rec.t !== 'start' || rec.checkpoint === undefined) return rec;
  const cells: Record<string, Json> = {};
  for (const [name, value] of Object.entries(rec.checkpoint.cells)) {
    if (!endings(name).some((ending) => keys.has(ending as Key))) cells[name] = value;
  }
  const open = reduceAsks(rec.checkpoint.asks ?? [], n, asks);
  const { asks: _asks, ...checkpoint } = rec.checkpoint;
  return {
    t: 'start',
    checkpoint: { ...checkpoint, turn: n - 1, cells, ...(open.length === 0 ? {} : { asks: open }) },
  };
}

/** The open asks of a checkpoint, renumbered. Those of before the first turn get numbers that no turn has. */
function reduceAsks(open: readonly LastingAsk[], n: number, asks: Map<AskId, AskId>): readonly LastingAsk[] {
  return open.flatMap((ask, at) => {
    if (n === 1) asks.set(ask.id, `0.${at}`);
    const id = asks.get(ask.id);
    return id === undefined ? [] : [{ ...ask, id }];
  });
}

/** What follows each `/` of a cell's name. */
const endings = (name: string): readonly string[] => {
  const pieces = name.split('/');
  return pieces.slice(1).map((_, at) => pieces.slice(at + 1).join('/'));
};

/**
 * Finds what is about one of these objects: a request that names it, an event about it, or a report with its key or name.
 * The cost of a call does not depend on the number of objects.
 */
function concernedWith(keys: ReadonlySet<Key>, prefix: string): (said: SaidThen) => boolean {
  const parts = [...keys].flatMap((key) => parseKey(key) ?? []);
  const objects = new Set(parts.map(({ resource, namespace, name }) => `${resource}/${namespace}/${name}`));
  const involved = new Set(parts.map(({ resource, name }) => `${resource}/${name}`));
  const reported = new Set(parts.map(({ resource, namespace, name }) => storeKey(resource, namespace, name)));
  const namespaces = new Map<string, Set<string>>();
  for (const { namespace, name } of parts) namespaces.set(name, (namespaces.get(name) ?? new Set()).add(namespace));
  return ({ kind, subject, body }) => {
    if (kind === 'report') {
      if (reported.has(subject as Key) || namespaces.has(subject)) return true;
      const slash = subject.lastIndexOf('/');
      const ofName = slash < 0 ? undefined : namespaces.get(subject.slice(slash + 1));
      return ofName !== undefined && [...ofName].some((one) => subject.slice(0, slash).endsWith(one));
    }
    const tokens = SUBJECTS.api.parse(prefix, subject);
    if (tokens === undefined) return false;
    const [of = ''] = tokens.resource.split('/');
    if (objects.has(`${of}/${tokens.namespace}/${tokens.name}`)) return true;
    if (of !== 'events' || body === undefined) return false;
    try {
      const { involvedObject } = decodeMsgpack(body) as {
        involvedObject?: { kind?: string; namespace?: string; name?: string };
      };
      return involved.has(`${involvedObject?.kind?.toLowerCase() ?? ''}s/${involvedObject?.name}`);
    } catch {
      return false;
    }
  };
}
