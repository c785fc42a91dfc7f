import { statusError } from '../../../contracts/errors/status.ts';
import { turnsText } from '../../replay/compare/plan-decisions.ts';
import type { Checked } from '../../replay/play/check.ts';
import { gapsText } from '../../replay/read/plan-gaps.ts';
import { placeOf } from '../../replay/read/recorded-where.ts';
import { formatTable } from '../objects/plan-table.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { toJson } from '../shared/print.ts';
import { FAILURE, UNPLAYABLE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { ReplayOptions } from './options.ts';
import { checkOutput, levelOf } from './parts.ts';
import { planReplayMode } from './plan-replay-mode.ts';

/** `troupe replay`: chooses the command by the flags. */
export async function replayCommand(
  args: readonly string[],
  options: ReplayOptions,
  terminal: Terminal,
): Promise<void> {
  checkOutput(options.output);
  const { mode, problem } = planReplayMode({ ...options });
  if (problem !== undefined) throw new UsageError(problem);
  if (mode === 'check') return checkCommand(args, options, terminal);
  const [what = ''] = args;
  if (what.trim() === '')
    throw new UsageError(
      'name what to play: an actor (troupe replay scheduler), a file (troupe replay day.troupe), or all of this home (troupe replay --check)',
    );
  if (mode === 'about') return (await import('./about.ts')).aboutCommand(what, options, terminal);
  if (mode === 'whatIf') return (await import('./diff.ts')).whatIfCommand(what, options, terminal);
  if (mode === 'inspectBrk') return (await import('./inspect.ts')).inspectCommand(what, options, terminal);
  if (mode === 'interactive') return (await import('./line-editor.ts')).interactive(what, options, terminal);
  if (mode === 'turn') return (await import('./turn.ts')).turnCommand(what, options, terminal);
  return (await import('./play.ts')).playCommand(what, options, terminal);
}

/** `troupe replay --check`: the first divergence of every recording of this home or server. */
async function checkCommand(args: readonly string[], options: ReplayOptions, terminal: Terminal): Promise<void> {
  terminal.outlastReader();
  const [{ checkHome }, { recordedWhere }] = await Promise.all([
    import('../../replay/play/check-home.ts'),
    import('./recorded-where.ts'),
  ]);
  const { home, ...where } = recordedWhere(options);
  const checked = await checkHome(home, {
    ...where,
    ...(args[0] === undefined ? {} : { actor: args[0] }),
    level: levelOf(options),
    onRead: (what) => {
      if (terminal.interactive) terminal.tell(what);
    },
    onMissing: (what) => terminal.tell(what),
  });
  if (args[0] !== undefined && checked.length === 0) {
    const { notRecorded } = await import('../../replay/play/definitions.ts');
    throw notRecorded(args[0]) ?? statusError('NotFound', `no actor "${args[0]}" is recorded; see "troupe record ls"`);
  }
  if (options.output === 'json') terminal.out(toJson(checked.map(summary)));
  else if (checked.length === 0) terminal.tell(`nothing is recorded ${placeOf(where)}`);
  else print(checked, terminal);
  if (checked.some(({ problem }) => problem !== undefined)) throw new Exit(UNPLAYABLE);
  if (checked.some(({ divergence }) => divergence !== undefined)) throw new Exit(FAILURE);
  if (checked.some(isUnplayed)) throw new Exit(UNPLAYABLE);
}

/** Whether there are turns, and none of them could be played. */
const isUnplayed = ({ turns, skipped, divergence }: Checked): boolean =>
  turns === 0 && skipped > 0 && divergence === undefined;

function resultOf(checked: Checked): string {
  const { divergence, problem, dropped, skipped, skips } = checked;
  if (problem !== undefined) return problem;
  if (divergence !== undefined) return `differs at turn ${divergence.turn}`;
  const verdict = isUnplayed(checked) ? 'not played' : 'same';
  // Turns that retention dropped from the beginning are not a gap of the recorder.
  const missing = checked.gaps.filter(({ after }) => after > 0 || dropped > 0);
  const gaps = [
    missing.length > 0 ? `turns not recorded: ${gapsText(missing)}` : '',
    skipped > 0 ? `${turnsText(skipped)} could not be played${whyUnplayed(skips)}` : '',
  ].filter((text) => text !== '');
  return gaps.length === 0 ? verdict : `${verdict} (${gaps.join('; ')})`;
}

/** The first reason. */
function whyUnplayed(skips: Checked['skips']): string {
  const reasons = [...new Set(skips.map(({ what }) => what))];
  return reasons.length > 1 ? `, the first because ${reasons[0]}` : `: ${reasons[0] ?? ''}`;
}

function print(checked: readonly Checked[], terminal: Terminal): void {
  const rows = checked.map((one) => [
    one.actor,
    one.instance,
    one.incarnation === 0 ? '-' : new Date(one.incarnation).toISOString().slice(0, 19).replace('T', ' '),
    String(one.turns),
    resultOf(one),
  ]);
  terminal.out(formatTable([['ACTOR', 'INSTANCE', 'STARTED', 'TURNS', 'RESULT'], ...rows]));
  for (const one of checked) {
    if (one.divergence !== undefined) terminal.out(explain(one));
  }
}

/** The first difference: the input, what was said then, and what is said now. */
function explain({ actor, instance, divergence }: Checked): string {
  if (divergence === undefined) return '';
  const { rec } = divergence;
  const heard =
    rec.t === 'call'
      ? `message on ${rec.subject}`
      : rec.t === 'change'
        ? `change of ${rec.keys.slice(0, 5).join(', ')}${rec.keys.length > 5 ? ` and ${rec.keys.length - 5} more` : ''}`
        : rec.t === 'answer'
          ? `answer to ask ${rec.ask}`
          : rec.t;
  const lines = [
    `\n${actor}/${instance} turn ${divergence.turn} at ${new Date(divergence.now).toISOString()}`,
    `  heard      ${heard}`,
    `  finding    ${divergence.what}`,
    ...divergence.saidThen.map((said) => `  said then  ${said.say} ${said.subject} ${said.hash}`),
    ...divergence.saidNow.map((out) => `  says now   ${out.said.say} ${out.said.subject} ${out.hash}`),
    `  in full    troupe replay ${actor} --instance ${instance}`,
  ];
  return `${lines.join('\n')}\n`;
}

const summary = ({ divergence, ...rest }: Checked): object => ({
  ...rest,
  ...(divergence === undefined
    ? {}
    : {
        divergence: {
          turn: divergence.turn,
          what: divergence.what,
          heard: divergence.rec.t,
          saidThen: divergence.saidThen.map(({ kind, say, subject, hash }) => ({ kind, say, subject, hash })),
          saidNow: divergence.saidNow.map(({ said, hash }) => ({
            say: said.say,
            subject: said.subject,
            hash,
            body: said.body,
          })),
        },
      }),
});
