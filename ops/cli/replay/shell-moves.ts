import { turnsText } from '../../replay/compare/plan-decisions.ts';
import { maskSecrets } from '../../replay/play/mask-secrets.ts';
import type { Frame } from '../../replay/play/session-frame.ts';
import type { Stop } from '../../replay/play/stops.ts';
import { indexAt, indexFrom, parsePoint } from '../../replay/read/parse-moment.ts';
import { gapsText, gapsWithin } from '../../replay/read/plan-gaps.ts';
import { revisionOf, seesStore } from '../../replay/read/playable.ts';
import { UsageError } from '../shared/errors.ts';
import { breachText, type ShellCommand, type ShellContext, turnSettled } from './shell-command.ts';
import { lineOf } from './turn-line.ts';
import { typedAbout } from './typed-about.ts';

/** Most turns that one command lists. */
const LISTED_MAX = 1_000;
const END = 'the end of the recording';

/** The commands that move the session. */
export const MOVES: readonly ShellCommand[] = [
  { name: 'step', alias: 's', args: '[n]', help: 'play the next turn, or the next n', again: true, run: step },
  { name: 'back', alias: 'b', args: '[n]', help: 'go back a turn, or n', again: true, run: back },
  {
    name: 'run',
    alias: 'r',
    help: 'to a breakpoint, watch, difference or the end',
    again: true,
    run,
  },
  {
    name: 'goto',
    alias: 'g',
    args: '<point>',
    help: 'to a turn: 1204, 21:50:35, 5m, rev:412',
    run: goTo,
  },
  {
    name: 'find',
    alias: 'f',
    args: '<name>',
    help: 'to the next turn about web-1, default/web-1',
    run: find,
  },
];

async function step(context: ShellContext, [n]: readonly string[]): Promise<string> {
  const { session } = context;
  const count = countOf(n);
  const listed: Frame[] = [];
  let played = 0;
  for (let frame = session.step(); frame !== undefined; frame = played < count ? session.step() : undefined) {
    if (listed.length < LISTED_MAX) listed.push(frame);
    played += 1;
  }
  const end = played < count ? `${END}\n` : '';
  if (count === 1) return played === 0 ? end : turnSettled(context);
  const late = await session.settle();
  const lines = listed.map(
    ({ index, turn, unplayed }) => `${lineOf(turn, session.divergences.has(index), unplayed === undefined)}\n`,
  );
  return `${lines.join('')}${late === undefined ? '' : breachText(late, context)}${end}`;
}

async function run(context: ShellContext): Promise<string> {
  const stop = await context.stops.run(context.interrupted);
  const shown = await turnSettled(context);
  const unplayed = stop === undefined ? unplayedText(context) : '';
  return `${context.paint('bold', stopText(stop, context))}\n${unplayed}${shown}`;
}

async function back(context: ShellContext, [n]: readonly string[]): Promise<string> {
  const { session } = context;
  const count = countOf(n);
  if (session.position < 0) return 'the beginning of the recording\n';
  session.goto(Math.max(-1, session.position - count));
  return turnSettled(context);
}

function stopText(stop: Stop | undefined, context: ShellContext): string {
  if (stop?.why === 'divergence') return "today's code acts differently here";
  if (stop?.why === 'breakpoint') return `breakpoint ${stop.id}: ${stop.text}`;
  if (stop?.why === 'watch') {
    const changes = stop.watched.map(({ cell, before, after }) => `${cell}: ${brief(before)} -> ${brief(after)}`);
    return `watch ${stop.id}: ${changes.join('; ')}`;
  }
  if (stop?.why === 'interrupted') return 'interrupted; "run" goes on';
  return `${END}; ${endText(context)}`;
}

/** How many turns differed, out of how many that were played. */
function endText({ session }: ShellContext): string {
  const { turns, unplayed } = session.tried;
  const played = turns - unplayed.reduce((sum, one) => sum + one.turns, 0);
  if (turns > 0 && played === 0) return 'no turn could be played';
  const differing = session.divergences.size;
  const differed = differing === 0 ? 'nothing differed' : `${turnsText(differing)} differed`;
  if (played === session.turns.length) return differed;
  const were = played === 1 ? 'was' : 'were';
  return `${differed} in the ${turnsText(played)} that ${turns < session.turns.length ? were : 'could be'} played`;
}

/** Most reasons that are listed. */
const REASONS_MAX = 5;

/** The turns that were not played, and why. */
function unplayedText({ session, paint }: ShellContext): string {
  const { unplayed } = session.tried;
  const gaps = gapsText(gapsWithin(session.turns));
  const lines = unplayed.slice(0, REASONS_MAX).map(({ why, turns }) => `${turnsText(turns)} not played: ${why}`);
  const more = unplayed.slice(REASONS_MAX).reduce((sum, { turns }) => sum + turns, 0);
  return [
    ...(gaps === '' ? [] : [`turns not recorded: ${gaps}`]),
    ...lines,
    ...(more === 0 ? [] : [`${turnsText(more)} more not played, for other reasons`]),
  ]
    .map((line) => `  ${paint('yellow', line)}\n`)
    .join('');
}

async function goTo(context: ShellContext, [to]: readonly string[]): Promise<string> {
  const { session } = context;
  if (to === undefined)
    throw new UsageError(
      'goto needs a turn (1204), a time (21:50:35), a duration before the end (5m) or a revision (rev:412)',
    );
  const { turns } = session;
  const point = parsePoint(to, turns.at(-1)?.now ?? 0);
  if ('revision' in point && !seesStore(turns))
    throw new UsageError('the actor does not see the store; give a turn or a time');
  // The first turn that saw the revision received its changes.
  const index = 'revision' in point ? indexFrom(turns, point) : indexAt(turns, point);
  const last = turns.at(-1);
  if (index >= turns.length)
    throw new UsageError(
      `no turn saw revision ${to.slice(4)}; the last saw ${last === undefined ? 0 : revisionOf(last)}`,
    );
  if ('turn' in point && point.turn > (last?.n ?? 0))
    throw new UsageError(`there is no turn ${point.turn}; the last is ${last?.n ?? 0}`);
  session.goto(index);
  return turnSettled(context);
}

async function find(context: ShellContext, [name]: readonly string[]): Promise<string> {
  const { session } = context;
  if (name === undefined) throw new UsageError('find needs the name of an object: web-1, or default/web-1');
  const isAbout = typedAbout(name);
  const next = session.turns.findIndex((turn, at) => isAbout(turn) && at > session.position);
  if (next < 0) return `no later turn is about ${name}\n`;
  session.goto(next);
  return turnSettled(context);
}

function countOf(text: string | undefined): number {
  if (text === undefined) return 1;
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`"${text}" is not a number of turns`);
  return Number(text);
}

const brief = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(maskSecrets(value)));
