import {
  inSlices,
  type PlacementTable,
  type Sealer,
  type Steps,
  sameThing,
  settled,
} from '../../../actors/kernel/replay-api.ts';
import { canonicalJson } from '../../../contracts/hash/stable-hash.ts';
import { Hidden } from '../play/bodies.ts';
import type { Speech } from '../play/turn-report.ts';
import { type Gap, gapsWithin } from '../read/plan-gaps.ts';
import type { Playable } from '../read/playable.ts';
import { diffBodies, type FieldDiff } from './body-diff.ts';
import { bindingOf } from './placements.ts';
import { type Pair, pairSaid } from './plan-pairs.ts';
import type { Utterance, Version } from './version.ts';

/** One thing that the second version says differently from the first. */
export interface DecisionChange {
  readonly turn: number;
  readonly now: number;
  readonly say: string;
  readonly was?: Speech;
  readonly is?: Speech;
  /** Absent when one of the bodies cannot be shown. */
  readonly diff?: readonly FieldDiff[];
  /** For a placement: how each version scored the nodes, where it is known, and the node that the first version chose. */
  readonly tables?: { readonly was?: PlacementTable; readonly is?: PlacementTable; readonly chosen?: string };
}

/** One entry of `says`: how often it was used, and how often differently. */
export interface Tally {
  readonly say: string;
  /** Uses by the first version, and by the second where the first has no counterpart. */
  readonly of: number;
  readonly changed: number;
  /** Number of the first turn in which it changed. */
  readonly first?: number;
}

export interface Comparison {
  /** Turns that both versions played. */
  readonly turns: number;
  readonly unplayed: number;
  /** Why the first of the unplayed turns could not be played. */
  readonly why?: string;
  /** Missing turns of the recording; of two recordings, of the first. */
  readonly gaps?: readonly Gap[];
  /** Sorted by name. */
  readonly tallies: readonly Tally[];
  /** In order; at most `detailsMax`. */
  readonly changes: readonly DecisionChange[];
  readonly changed: number;
  /** Of two recordings: nodes with different names that were matched, and the name used for both. */
  readonly nodes?: readonly { readonly was: string; readonly is: string; readonly as: string }[];
  /** A violation of the behaviour's contract by one of the versions; any change may be its consequence. */
  readonly violation?: string;
}

export interface CompareOptions {
  readonly detailsMax?: number;
  /** Compare only subjects. */
  readonly byShape?: boolean;
}

/** Compares two versions of an actor over the same recorded inputs. */
export function* compareVersions(
  { incarnation, turns, sealer }: Playable,
  first: Version,
  second: Version,
  { detailsMax = 1_000, byShape = false }: CompareOptions = {},
): Steps<Comparison> {
  const tallies = new Map<string, { of: number; changed: number; first?: number }>();
  const tally = (say: string) => {
    const known = tallies.get(say) ?? { of: 0, changed: 0 };
    tallies.set(say, known);
    return known;
  };
  const changes: DecisionChange[] = [];
  let played = 0;
  let unplayed = 0;
  let why: string | undefined;
  let changed = 0;
  for (const [index, turn] of turns.entries()) {
    const known = breachOf(first, second);
    yield;
    if (breachOf(first, second) !== known) {
      // A version that violates its contract between two turns is stopped; that it says nothing more is not a decision.
      unplayed += turns.length - index;
      why ??= BREACHED;
      break;
    }
    const was = first.says(index);
    const is = second.says(index);
    if (was === undefined || is === undefined) {
      unplayed += 1;
      why ??= first.unplayed?.() ?? second.unplayed?.();
      continue;
    }
    played += 1;
    for (const { say } of was) tally(say).of += 1;
    const shape = byShape || turn.shape === true;
    const same = (a: Utterance, b: Utterance): boolean =>
      shape ? a.say === b.say && a.subject === b.subject : isSame(a, b, sealer);
    if (was.length === is.length && was.every((one, at) => same(one, is[at] as Utterance))) continue;
    for (const pair of pairSaid(was, is, same)) {
      if (pair.same) continue;
      const say = (pair.was ?? pair.is).say;
      const known = tally(say);
      known.changed += 1;
      if (pair.was === undefined) known.of += 1;
      known.first ??= turn.n;
      changed += 1;
      if (changes.length < detailsMax)
        changes.push({ turn: turn.n, now: turn.now, say, ...detailsOf(incarnation.self.actor, pair, first, second) });
    }
  }
  const sorted = [...tallies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([say, counts]) => ({ say, ...counts }));
  const about = { turns: played, unplayed, ...(why === undefined ? {} : { why }), gaps: gapsWithin(turns) };
  return { ...about, tallies: sorted, changes, changed };
}

const BREACHED = 'the actor had been stopped because it violated its contract';

const breachOf = (first: Version, second: Version): string | undefined => first.violation?.() ?? second.violation?.();

/** The same in slices. Also detects what the behaviours do after their turns, which is not allowed. */
export async function compareAndSettle(...what: Parameters<typeof compareVersions>): Promise<Comparison> {
  const comparison = await inSlices(compareVersions(...what));
  await settled();
  const [, first, second] = what;
  const violation = breachOf(first, second);
  return violation === undefined ? comparison : { ...comparison, violation };
}

function isSame(a: Utterance, b: Utterance, sealer: Sealer | undefined): boolean {
  if (a.recorded !== undefined && b.out !== undefined) return sameThing(a.recorded, b.out, sealer);
  if (a.say !== b.say || a.subject !== b.subject) return false;
  return (
    a.hash === b.hash ||
    (a.out !== undefined && b.out !== undefined && canonicalJson(a.out.said.body) === canonicalJson(b.out.said.body))
  );
}

function detailsOf(
  actor: string,
  pair: Pair<Utterance, Utterance>,
  first: Version,
  second: Version,
): Omit<DecisionChange, 'turn' | 'now' | 'say'> {
  const was = pair.was && speechOf(pair.was);
  const is = pair.is && speechOf(pair.is);
  const seen = was !== undefined && is !== undefined && !(was.body instanceof Hidden) && !(is.body instanceof Hidden);
  const before = was === undefined ? undefined : tableOf(actor, was, first);
  const after = is === undefined ? undefined : tableOf(actor, is, second);
  const chosen = before?.chosen ?? bindingOf(actor, was)?.target?.name;
  const tables = {
    ...(before === undefined ? {} : { was: before }),
    ...(after === undefined ? {} : { is: after }),
    ...(chosen === undefined ? {} : { chosen }),
  };
  return {
    ...(was === undefined ? {} : { was }),
    ...(is === undefined ? {} : { is }),
    ...(seen ? { diff: diffBodies(was.body, is.body) } : {}),
    ...(before === undefined && after === undefined ? {} : { tables }),
  };
}

const speechOf = ({ say, subject, body }: Utterance): Speech => ({ say, subject, body: body() });

/** The table of the placement that something said makes. */
function tableOf(actor: string, speech: Speech, version: Version): PlacementTable | undefined {
  const { name, namespace } = bindingOf(actor, speech)?.metadata ?? {};
  return name === undefined
    ? undefined
    : version.placements?.().find((table) => table.pod === name && table.namespace === namespace);
}
