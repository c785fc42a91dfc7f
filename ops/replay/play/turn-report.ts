import {
  type Json,
  LATEST_HEADER,
  type Millis,
  type Outgoing,
  type SaidThen,
  sameThing,
} from '../../../actors/kernel/replay-api.ts';
import { isFailure } from '../../../contracts/errors/status.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import { diffBodies, type FieldDiff } from '../compare/body-diff.ts';
import { pairSaid } from '../compare/plan-pairs.ts';
import { keyText } from '../explain/plan-causes.ts';
import { Hidden, heardBody, saidBody, shownOf } from './bodies.ts';
import { maskSecrets } from './mask-secrets.ts';
import { bodyThen } from './said-then.ts';
import type { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';

/** One object of a change, with its difference from the version that the actor last saw. */
export interface ObjectChange {
  /** `pods default/web` */
  readonly object: string;
  readonly how: 'created' | 'changed' | 'deleted' | 'came and went';
  readonly diff: readonly FieldDiff[];
}

/** The input of a turn. */
export interface Heard {
  /** As one line: `message on troupe.apply.alice.default`. */
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
  /** The body was recorded only as a hash and was found elsewhere. */
  readonly found?: true;
  /** Why the actor said it, in the actor's own form. */
  readonly why?: Json;
}

/** One thing said then, and its counterpart now. */
export interface SaidBoth {
  readonly same: boolean;
  readonly was?: Speech;
  readonly is?: Speech;
  /** How their bodies differ; absent when one of them cannot be shown. */
  readonly diff?: readonly FieldDiff[];
}

export interface CellDiff {
  readonly cell: string;
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
  readonly diff: readonly FieldDiff[];
}

/** A turn, prepared for display. */
export interface TurnReport {
  readonly actor: string;
  readonly instance: string;
  /** Milliseconds since the Unix epoch at the incarnation's start. */
  readonly incarnation: Millis;
  readonly turn: number;
  readonly now: Millis;
  readonly revision: number;
  /** What differs; absent when nothing does. */
  readonly finding?: string;
  readonly heard: Heard;
  readonly said: readonly SaidBoth[];
  /** What the turn did to the cells; at a checkpoint that differs, how the recorded cells differ. */
  readonly cells: readonly CellDiff[];
  readonly reports: readonly string[];
}

/**
 * Reports the session's current turn. When a body that differs is recorded only as a hash, all other recordings of the source
 * are read to find it.
 */
export async function reportWhole(session: ReplaySession): Promise<TurnReport | undefined> {
  const report = reportTurn(session);
  const isUnknown = ({ same, was }: SaidBoth): boolean => !same && was?.body instanceof Hidden;
  if (report === undefined || !report.said.some(isUnknown)) return report;
  return (await session.playable.elsewhere?.complete()) === true ? reportTurn(session) : report;
}

/** Reports the session's current turn. */
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

/** The input of a turn; of a change, with the differences of the objects. */
export function heardIn(session: ReplaySession, frame: Frame): Heard {
  const { turn, index } = frame;
  const { rec } = turn;
  const body = heardBody(turn, session.playable.sealer);
  if (rec.t === 'start') {
    const how = rec.checkpoint === undefined ? 'without state' : `from the checkpoint of turn ${rec.checkpoint.turn}`;
    return { what: `start, ${how}` };
  }
  if (rec.t === 'due') {
    const turns = [...new Set(frame.fired.map(({ turn: set }) => set))];
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
  const seen = lastSeen(session, index);
  const before = seen === undefined ? undefined : session.viewAt(seen);
  const after = session.view();
  const changes = rec.keys
    .slice(0, OBJECTS_SHOWN)
    .map((key) => objectChange(key, maskSecrets(before?.at(key)), maskSecrets(after.at(key))));
  const more = rec.keys.length - 1;
  return {
    what: `change of ${keyText(rec.keys[0] ?? '')}${more > 0 ? ` and ${more} more` : ''}`,
    changes,
  };
}

/** Revision up to which changes were delivered before a turn; undefined = none were. */
function lastSeen(session: ReplaySession, index: number): number | undefined {
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

/** Something said then; a body that was recorded only as a hash is looked up. */
export function speechFound(session: ReplaySession, frame: Frame, then: SaidThen): Speech {
  const speech = speechThen(then);
  if (!(speech.body instanceof Hidden)) return speech;
  const body = bodyThen(session, frame, then);
  if (body !== undefined) return { ...speech, body, found: true };
  const held = then.kind === 'reply' ? 'it was not an object or list as the store held it, and ' : '';
  return then.kind === 'port' || then.hash === ''
    ? speech
    : { ...speech, body: new Hidden(`${speech.body.why}; ${held}no available recording has its receiver`) };
}

export const speechThen = (then: SaidThen): Speech => speechOf(then, saidBody(then));
export const speechNow = ({ said }: Outgoing): Speech => speechOf(said, shownOf(said.subject, said.body));

const speechOf = (
  { say, subject, why }: { readonly say: string; readonly subject: string; readonly why?: Json },
  body: unknown,
): Speech => ({ say, subject, body, ...(why === undefined ? {} : { why }) });

function cellsIn({ turn, divergence, cells }: Frame): readonly CellDiff[] {
  const checkpoint = turn.rec.t === 'start' ? turn.rec.checkpoint : undefined;
  // A start restores the recorded cells, so the changes of this turn are the differences, reversed.
  const reversed = checkpoint !== undefined && divergence !== undefined;
  return cells.map(({ name, ...values }) => {
    const [before, after] = [maskSecrets(values.before), maskSecrets(values.after)] as [
      Json | undefined,
      Json | undefined,
    ];
    const [was, is] = reversed ? [after, before] : [before, after];
    return { cell: name, before: was, after: is, diff: diffBodies(was, is) };
  });
}
