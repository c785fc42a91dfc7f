import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import { sameThing } from '../../actors/kernel/journal/compare-said.ts';
import { canonicalJson } from '../../contracts/hash/stable-hash.ts';
import { Hidden, saidBody } from './bodies.ts';
import { diffBodies } from './body-diff.ts';
import type { DefinitionOf } from './check.ts';
import type { CompareOptions, Comparison, DecisionChange } from './compare-versions.ts';
import { callFinder } from './plan-calls.ts';
import type { Playable } from './playable.ts';
import { ReplaySession } from './session.ts';
import { type Speech, speechFound, speechNow } from './turn-report.ts';

interface Decision extends Speech {
  readonly turn: number;
  readonly now: number;
}

export interface RecordingsOptions extends Pick<CompareOptions, 'detailsMax'> {
  /** Today's code: it knows what an answer was of which a hash was recorded. Without it answers are counted alone. */
  readonly definitionOf?: DefinitionOf;
}

/**
 * Sets what was decided in two recordings side by side: the first thing said on a subject in one with the first in the
 * other, and so on. What differs from run to run by its nature (uids, revisions, moments) is no difference.
 */
export function compareRecordings(
  first: Playable,
  second: Playable,
  { detailsMax = 1_000, definitionOf }: RecordingsOptions = {},
): Comparison {
  const left = decisionsOf(first, definitionOf?.(first.incarnation));
  const right = decisionsOf(second, definitionOf?.(second.incarnation));
  const tallies = new Map<string, { of: number; changed: number; first?: number }>();
  const changes: DecisionChange[] = [];
  for (const [id, was] of left) note(was, right.get(id));
  for (const [id, is] of right) if (!left.has(id)) note(undefined, is);
  const all = changes.sort((a, b) => a.now - b.now);
  const sorted = [...tallies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([say, counts]) => ({ say, ...counts }));
  return {
    turns: first.turns.length,
    unplayed: 0,
    tallies: sorted,
    changes: all.slice(0, detailsMax),
    changed: all.length,
  };

  function note(was: Decision | undefined, is: Decision | undefined): void {
    const { say, turn, now } = (was ?? is) as Decision;
    const tally = tallies.get(say) ?? { of: 0, changed: 0 };
    tallies.set(say, tally);
    tally.of += 1;
    if (was !== undefined && is !== undefined && sameEssence(was.body, is.body)) return;
    tally.changed += 1;
    tally.first = Math.min(tally.first ?? turn, turn);
    const seen = was !== undefined && is !== undefined && !(was.body instanceof Hidden) && !(is.body instanceof Hidden);
    changes.push({
      turn,
      now,
      say,
      ...(was === undefined ? {} : { was: speech(was) }),
      ...(is === undefined ? {} : { is: speech(is) }),
      ...(seen ? { diff: diffBodies(essence(was.body), essence(is.body)) } : {}),
    });
  }
}

const speech = ({ say, subject, body }: Decision): Speech => ({ say, subject, body });

/**
 * What was said, by entry, subject and how many there had been on it; an answer is on the subject of what it answers.
 * Questions to drivers are no decisions.
 */
function decisionsOf(playable: Playable, definition: ActorDefinition | undefined): ReadonlyMap<string, Decision> {
  const counts = new Map<string, number>();
  const decisions = new Map<string, Decision>();
  const calls = callFinder();
  const bodyAt = definition === undefined ? undefined : bodiesSaid(playable, definition);
  for (const [index, turn] of playable.turns.entries()) {
    const callBehind = calls(turn);
    for (const [at, then] of turn.said.entries()) {
      if (then.kind === 'port' || then.kind === 'report') continue;
      const subject = callBehind(then.subject) ?? then.subject;
      const on = `${then.say} ${subject}`;
      const count = counts.get(on) ?? 0;
      counts.set(on, count + 1);
      const recorded = saidBody(then);
      const body = recorded instanceof Hidden ? (bodyAt?.(index, at) ?? recorded) : recorded;
      decisions.set(`${on} ${count}`, { say: then.say, subject, body, turn: turn.n, now: turn.now });
    }
  }
  return decisions;
}

/** Bodies that were recorded by their hash alone, where today's code says the same, or what they were can be found. */
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

const VOLATILE = /^(uid|resourceVersion|continue|ownerReferences|.*Timestamp|.*Time|lastTransitionTime)$/;

/** A body without what differs from run to run. */
function essence(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(essence);
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(
    Object.entries(body)
      .filter(([name]) => !VOLATILE.test(name))
      .map(([name, value]) => [name, essence(value)]),
  );
}

/** Of bodies that are kept by their hash alone nothing can be told. */
const sameEssence = (a: unknown, b: unknown): boolean =>
  a instanceof Hidden || b instanceof Hidden
    ? a instanceof Hidden && b instanceof Hidden
    : canonicalJson(essence(a)) === canonicalJson(essence(b));
