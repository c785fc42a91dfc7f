import { canonicalJson } from '../../actors/kernel/journal/canonical-json.ts';
import { diffBodies } from './body-diff.ts';
import { Hidden, saidBody } from './bodies.ts';
import type { CompareOptions, Comparison, DecisionChange } from './compare-versions.ts';
import type { Playable } from './playable.ts';
import type { Speech } from './turn-report.ts';

interface Decision extends Speech {
  readonly turn: number;
  readonly now: number;
}

/**
 * Sets what was decided in two recordings side by side: the first thing said on a subject in one with the first in the
 * other, and so on. What differs from run to run by its nature (uids, revisions, moments) is no difference.
 */
export function compareRecordings(
  first: Playable,
  second: Playable,
  { detailsMax = 1_000 }: CompareOptions = {},
): Comparison {
  const left = decisionsOf(first);
  const right = decisionsOf(second);
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
    if (was !== undefined) tally.of += 1;
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

/** What was said, by entry, subject and how many there had been on it. Answers and questions to drivers are no decisions. */
function decisionsOf({ turns }: Playable): ReadonlyMap<string, Decision> {
  const counts = new Map<string, number>();
  const decisions = new Map<string, Decision>();
  for (const { n, now, said } of turns) {
    for (const then of said) {
      if (then.kind !== 'request' && then.kind !== 'publish') continue;
      const on = `${then.say} ${then.subject}`;
      const count = counts.get(on) ?? 0;
      counts.set(on, count + 1);
      decisions.set(`${on} ${count}`, { say: then.say, subject: then.subject, body: saidBody(then), turn: n, now });
    }
  }
  return decisions;
}

const VOLATILE = /^(uid|resourceVersion|ownerReferences|.*Timestamp|.*Time|lastTransitionTime)$/;

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
