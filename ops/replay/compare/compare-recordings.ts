import { type ActorDefinition, callFinder, type Steps, sameThing } from '../../../actors/kernel/replay-api.ts';
import { canonicalJson } from '../../../contracts/hash/stable-hash.ts';
import { Hidden, saidBody } from '../play/bodies.ts';
import type { DefinitionOf } from '../play/check.ts';
import { ReplaySession } from '../play/session.ts';
import { type Speech, speechFound, speechNow } from '../play/turn-report.ts';
import { gapsWithin } from '../read/plan-gaps.ts';
import type { Playable } from '../read/playable.ts';
import { diffBodies } from './body-diff.ts';
import type { CompareOptions, Comparison, DecisionChange } from './compare-versions.ts';
import { aboutOf, essence } from './essence.ts';
import { type MadeUp, madeUpIn } from './made-up.ts';
import { alignSaid } from './plan-align.ts';
import { nodeStandIn, pairNodes, standIns } from './plan-stand-ins.ts';

interface Decision extends Speech {
  readonly kind: string;
  readonly turn: number;
  readonly now: number;
}

export interface RecordingsOptions extends Pick<CompareOptions, 'detailsMax'> {
  /** Today's code, which can restore answers that were recorded only as a hash. Without it, answers are only counted. */
  readonly definitionOf?: DefinitionOf;
}

/**
 * Compares the decisions of two recordings, subject by subject and in order. What differs between any two runs (generated
 * names, ids and uids, names of nodes, revisions, times) does not count as a difference.
 */
export function* compareRecordings(
  first: Playable,
  second: Playable,
  { detailsMax = 1_000, definitionOf }: RecordingsOptions = {},
): Steps<Comparison> {
  const [madeHere, madeThere] = [yield* madeUpIn(first), yield* madeUpIn(second)];
  const left = yield* essencesOf(yield* decisionsOf(first, definitionOf?.(first.incarnation)), madeHere, madeThere);
  const right = yield* essencesOf(yield* decisionsOf(second, definitionOf?.(second.incarnation)), madeThere, madeHere);
  const tallies = new Map<string, { of: number; changed: number; first?: number }>();
  const changes: Change[] = [];
  for (const [on, was] of left) {
    yield;
    for (const pair of alignSaid(was, right.get(on) ?? [])) note(pair.was, pair.is, pair.same);
  }
  for (const [on, is] of right) if (!left.has(on)) for (const one of is) note(undefined, one, false);
  changes.sort((a, b) => a.afterMs - b.afterMs || turnOf(a) - turnOf(b));
  const sorted = [...tallies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([say, counts]) => ({ say, ...counts }));
  const nodes = pairNodes(madeHere, madeThere).map(([was, is], at) => ({ was, is, as: nodeStandIn(at) }));
  return {
    turns: first.turns.length,
    unplayed: 0,
    gaps: gapsWithin(first.turns),
    tallies: sorted,
    changes: changes.slice(0, detailsMax).map(detailsOf),
    changed: changes.length,
    ...(nodes.length === 0 ? {} : { nodes }),
  };

  function note(was: Essential | undefined, is: Essential | undefined, same: boolean): void {
    const { say, turn, now } = (was ?? is) as Essential;
    const tally = tallies.get(say) ?? { of: 0, changed: 0 };
    tallies.set(say, tally);
    tally.of += 1;
    if (same) return;
    tally.changed += 1;
    tally.first = Math.min(tally.first ?? turn, turn);
    const began = (was === undefined ? second : first).turns[0]?.now ?? 0;
    changes.push({ was, is, afterMs: now - began });
  }
}

interface Change {
  readonly was: Essential | undefined;
  readonly is: Essential | undefined;
  /** Milliseconds since its recording began. */
  readonly afterMs: number;
}

const turnOf = ({ was, is }: Change): number => (was ?? is)?.turn ?? 0;

function detailsOf({ was, is }: Change): DecisionChange {
  const { say, turn, now } = (was ?? is) as Essential;
  const seen = was !== undefined && is !== undefined && !(was.body instanceof Hidden) && !(is.body instanceof Hidden);
  return {
    turn,
    now,
    say,
    ...(was === undefined ? {} : { was: speech(was) }),
    ...(is === undefined ? {} : { is: speech(is) }),
    ...(seen ? { diff: diffBodies(was.essence, is.essence) } : {}),
  };
}

interface Essential extends Decision {
  readonly essence: unknown;
  /** The essence as text; `hidden` for a body that cannot be shown. */
  readonly hash: string;
}

/** Decisions in comparable form, by entry of `says`, subject, and the object that they are about. */
function* essencesOf(
  decisions: readonly Decision[],
  made: MadeUp,
  other: MadeUp,
): Steps<ReadonlyMap<string, readonly Essential[]>> {
  const put = standIns(
    made,
    other,
    decisions.map(({ subject, body }) => [subject, body]),
  );
  const said = new Map<string, Essential[]>();
  for (const decision of decisions) {
    yield;
    const on = [decision.say, put.subject(decision.subject), aboutOf(decision.body, put)].join(' ');
    const all = said.get(on) ?? [];
    said.set(on, all);
    const isHidden = decision.body instanceof Hidden;
    const core = isHidden ? undefined : essence(decision.body, put);
    const hash = isHidden ? 'hidden' : canonicalJson(core);
    // Repeated messages such as heartbeats: their number depends only on the length of the recording.
    if (decision.kind === 'publish' && !isHidden && all.at(-1)?.hash === hash) continue;
    all.push({ ...decision, essence: core, hash });
  }
  return said;
}

const speech = ({ say, subject, body }: Decision): Speech => ({ say, subject, body });

/** What was said, in order; an answer has the subject of its request. Requests to drivers are not decisions. */
function* decisionsOf(playable: Playable, definition: ActorDefinition | undefined): Steps<readonly Decision[]> {
  const decisions: Decision[] = [];
  const calls = callFinder();
  const bodyAt = definition === undefined ? undefined : bodiesSaid(playable, definition);
  for (const [index, turn] of playable.turns.entries()) {
    yield;
    const callBehind = calls(turn);
    for (const [at, then] of turn.said.entries()) {
      if (then.kind === 'port' || then.kind === 'report') continue;
      if (then.kind === 'reply' && then.subject === '') continue; // the caller does not wait for it
      const subject = callBehind(then.subject) ?? then.subject;
      const recorded = saidBody(then);
      const body = recorded instanceof Hidden ? (bodyAt?.(index, at) ?? recorded) : recorded;
      decisions.push({ say: then.say, kind: then.kind, subject, body, turn: turn.n, now: turn.now });
    }
  }
  return decisions;
}

/** Looks up bodies that were recorded only as a hash: today's code may say the same, or they are found elsewhere. */
function bodiesSaid(playable: Playable, definition: ActorDefinition): (index: number, at: number) => unknown {
  const session = new ReplaySession(playable, definition);
  return (index, at) => {
    const frame = session.goto(index);
    const then = frame?.turn.said[at];
    if (frame === undefined || then === undefined) return undefined;
    const out = frame.says[at];
    const isKnown = then.hash !== '' && (then.keyed !== true || playable.sealer !== undefined);
    return isKnown && out !== undefined && sameThing(then, out, playable.sealer)
      ? speechNow(out).body
      : speechFound(session, frame, then).body;
  };
}
