import type { Json, Millis } from '../../../actors/kernel/contract.ts';
import { sameThing } from '../../../actors/kernel/journal/compare-said.ts';
import type { SaidThen } from '../../../actors/kernel/journal/journal.ts';
import { LATEST_HEADER } from '../../../actors/kernel/turns/call-routing.ts';
import type { Outgoing } from '../../../actors/kernel/turns/outgoing.ts';
import { isFailure } from '../../../contracts/errors/status.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import { diffBodies, type FieldDiff } from '../compare/body-diff.ts';
import { pairSaid } from '../compare/plan-pairs.ts';
import { keyText } from '../explain/plan-causes.ts';
import { Hidden, heardBody, saidBody, shownOf } from './bodies.ts';
import { bodyThen } from './said-then.ts';
import type { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';
import { veiled } from './veil.ts';

/** One object of a change, as it was last told and as it is. */
export interface ObjectChange {
  /** `pods default/web` */
  readonly object: string;
  readonly how: 'created' | 'changed' | 'deleted' | 'came and went';
  readonly diff: readonly FieldDiff[];
}

/** What came in. */
export interface Heard {
  /** In a line: `message on troupe.apply.alice.default`. */
  readonly what: string;
  /** A decoded body, or a `Hidden`. */
  readonly body?: unknown;
  readonly changes?: readonly ObjectChange[];
}

export interface Speech {
  readonly say: string;
  readonly subject: string;
  /** Decoded, or a `Hidden`. */
  readonly body: unknown;
  /** It was recorded by its hash alone, and what it was is known from elsewhere. */
  readonly found?: true;
  /** What led to it, in its actor's own form, where it was told. */
  readonly why?: Json;
}

/** One thing said then, and what is said now in its place. */
export interface SaidBoth {
  readonly same: boolean;
  readonly was?: Speech;
  readonly is?: Speech;
  /** Where their bodies differ; absent when one of them cannot be seen. */
  readonly diff?: readonly FieldDiff[];
}

export interface CellDiff {
  readonly cell: string;
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
  readonly diff: readonly FieldDiff[];
}

/** A turn as people want to read it. */
export interface TurnReport {
  readonly actor: string;
  readonly instance: string;
  /** Milliseconds since the Unix epoch at the incarnation's start. */
  readonly incarnation: Millis;
  readonly turn: number;
  readonly now: Millis;
  readonly revision: number;
  /** Absent when it goes as it went. */
  readonly finding?: string;
  readonly heard: Heard;
  readonly said: readonly SaidBoth[];
  /** What the turn did to the cells; at a checkpoint that differs, where they were otherwise then. */
  readonly cells: readonly CellDiff[];
  readonly reports: readonly string[];
}

/**
 * Tells about the turn at which a session stands; what is left of its source is read where something was said otherwise
 * of which there is a hash alone.
 */
export async function reportWhole(session: ReplaySession): Promise<TurnReport | undefined> {
  const report = reportTurn(session);
  const isUnknown = ({ same, was }: SaidBoth): boolean => !same && was?.body instanceof Hidden;
  if (report === undefined || !report.said.some(isUnknown)) return report;
  return (await session.playable.elsewhere?.complete()) === true ? reportTurn(session) : report;
}

/** Tells about the turn at which a session stands. */
export function reportTurn(session: ReplaySession): TurnReport | undefined {
  const { frame, playable } = session;
  if (frame === undefined) return undefined;
  const { self, incarnation } = playable.incarnation;
  const { turn, divergence, reports } = frame;
  return {
    actor: self.actor,
    instance: self.instance,
    incarnation,
    turn: turn.n,
    now: turn.now,
    revision: turn.view['objects'] ?? 0,
    ...(divergence === undefined ? {} : { finding: divergence.what }),
    heard: heardIn(session, frame),
    said: saidIn(session, frame),
    cells: cellsIn(frame),
    reports,
  };
}

const OBJECTS_SHOWN = 20;

/** What came in, with the objects of a change as they were and are. */
export function heardIn(session: ReplaySession, frame: Frame): Heard {
  const { turn, index } = frame;
  const { rec } = turn;
  const body = heardBody(turn, session.playable.sealer);
  if (rec.t === 'start') {
    const how = rec.checkpoint === undefined ? 'knowing nothing' : `from the checkpoint of turn ${rec.checkpoint.turn}`;
    return { what: `start, ${how}` };
  }
  if (rec.t === 'due') {
    const turns = [...new Set(frame.rang.map(({ turn: set }) => set))];
    return { what: `timers, set in turn ${turns.join(', ') || 'unknown'}` };
  }
  if (rec.t === 'answer') {
    const asked = session.turns.find(({ n }) => n === Number(rec.ask.split('.')[0]));
    const said = asked?.said[Number(rec.ask.split('.')[1])];
    const what = said === undefined ? `ask ${rec.ask}` : `${said.say} ${said.subject} (asked in turn ${asked?.n})`;
    const outcome = body === 'timeout' ? 'no answer in time' : isFailure(body) ? `refused, ${body.reason}` : 'answer';
    return { what: `${outcome} to ${what}`, body };
  }
  if (rec.t === 'call') {
    const batch = rec.headers[LATEST_HEADER];
    return { what: batch === undefined ? `message on ${rec.subject}` : `the newest of "${batch}"`, body };
  }
  const told = lastTold(session, index);
  const before = told === undefined ? undefined : session.viewAt(told);
  const after = session.view();
  const changes = rec.keys
    .slice(0, OBJECTS_SHOWN)
    .map((key) => objectChange(key, veiled(before?.at(key)), veiled(after.at(key))));
  const more = rec.keys.length - 1;
  return {
    what: `change of ${keyText(rec.keys[0] ?? '')}${more > 0 ? ` and ${more} more` : ''}`,
    changes,
  };
}

/** Revision up to which the actor had been told of changes before a turn; undefined = of nothing. */
function lastTold(session: ReplaySession, index: number): number | undefined {
  for (let at = index - 1; at >= 0; at--) {
    const turn = session.turns[at];
    if (turn?.rec.t === 'start' && turn.rec.checkpoint === undefined) return undefined;
    if (turn?.rec.t === 'change' || turn?.rec.t === 'start') return turn.view['objects'];
  }
  return undefined;
}

function objectChange(key: Key, before: unknown, after: unknown): ObjectChange {
  const how =
    before === undefined
      ? after === undefined
        ? 'came and went'
        : 'created'
      : after === undefined
        ? 'deleted'
        : 'changed';
  const diff = how === 'changed' ? diffBodies(before, after) : [];
  return { object: keyText(key), how, diff: diff.filter(({ path }) => path !== 'metadata.resourceVersion') };
}

function saidIn(session: ReplaySession, frame: Frame): readonly SaidBoth[] {
  const { playable } = session;
  const { turn, says } = frame;
  const now = says.map((out) => ({ ...out.said, hash: out.hash, out }));
  const same = (was: SaidThen, { out }: { readonly out: Outgoing }): boolean =>
    turn.shape === true
      ? was.say === out.said.say && was.subject === out.said.subject
      : sameThing(was, out, playable.sealer);
  return pairSaid(turn.said, now, same).map((pair) => {
    const was = pair.was && (pair.same ? speechThen(pair.was) : speechFound(session, frame, pair.was));
    const is = pair.is && speechNow(pair.is.out);
    const both = { same: pair.same, ...(was === undefined ? {} : { was }), ...(is === undefined ? {} : { is }) };
    if (pair.same || was === undefined || is === undefined) return both;
    if (was.body instanceof Hidden || is.body instanceof Hidden) return both;
    return { ...both, diff: diffBodies(was.body, is.body) };
  });
}

/** What was said then, also where its body was not recorded but can be found. */
export function speechFound(session: ReplaySession, frame: Frame, then: SaidThen): Speech {
  const speech = speechThen(then);
  if (!(speech.body instanceof Hidden)) return speech;
  const body = bodyThen(session, frame, then);
  if (body !== undefined) return { ...speech, body, found: true };
  const held = then.kind === 'reply' ? 'it was no object and no list as the store held it, and ' : '';
  return then.kind === 'port' || then.hash === ''
    ? speech
    : { ...speech, body: new Hidden(`${speech.body.why}; ${held}no recording at hand is of who got it`) };
}

export const speechThen = (then: SaidThen): Speech => speechOf(then, saidBody(then));
export const speechNow = ({ said }: Outgoing): Speech => speechOf(said, shownOf(said.subject, said.body));

const speechOf = (
  { say, subject, why }: { readonly say: string; readonly subject: string; readonly why?: Json },
  body: unknown,
): Speech => ({ say, subject, body, ...(why === undefined ? {} : { why }) });

function cellsIn({ turn, divergence, cells }: Frame): readonly CellDiff[] {
  const checkpoint = turn.rec.t === 'start' ? turn.rec.checkpoint : undefined;
  // A start takes the recorded cells: what this turn changed in them is what had come to differ.
  const turned = checkpoint !== undefined && divergence !== undefined;
  return cells.map(({ name, ...values }) => {
    const [before, after] = [veiled(values.before), veiled(values.after)] as [Json | undefined, Json | undefined];
    const [was, is] = turned ? [after, before] : [before, after];
    return { cell: name, before: was, after: is, diff: diffBodies(was, is) };
  });
}
