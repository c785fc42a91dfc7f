import { CONTEXT, type CommandSpec, command, type OptionSpec } from '../shared/command-spec.ts';
import { Exit, UnplayableError, UsageError } from '../shared/errors.ts';
import type { DiffOptions } from './diff.ts';
import type { MinimiseCommandOptions } from './minimise.ts';
import type { ReplayOptions } from './options.ts';

const FULL: OptionSpec = { flags: '--full', description: 'every decision that changes, not only the first' };
const ACTOR: OptionSpec = { flags: '--actor <name>', description: 'of a file that holds several: of this one alone' };
const INSTANCE: OptionSpec = {
  flags: '--instance <name>',
  description: 'of this instance alone: a node, for a kubelet',
};
const KEY: OptionSpec = {
  flags: '--key <file>',
  description: 'cluster.key of the home that a file is from, or of the masters, to play what carries secret data',
};
const LEVEL: OptionSpec = {
  flags: '--level <level>',
  description: 'what must be the same: strict (default), shape (subjects alone) or state (cells alone)',
  choices: ['strict', 'shape', 'state'],
};
/** Decisions are compared there, not states. */
const DECISION_LEVEL: OptionSpec = {
  flags: '--level <level>',
  description: 'what must be the same: strict (default) or shape (subjects alone)',
  choices: ['strict', 'shape'],
};
/** How a script tells what came of it. */
const exitCodes = (differs: string): string =>
  [
    'Exit code:',
    '  0  the same',
    `  1  ${differs}`,
    '  2  the command must be typed otherwise',
    '  3  nothing can be told: a recording, or what was given with it, could not be opened, or none of its turns played',
  ].join('\n');

const ACTORS: OptionSpec = {
  flags: '--actors <file>',
  description: 'module that exports `actors` of your own, to play what is recorded of them',
};
const OUTPUT: OptionSpec = { flags: '-o, --output <format>', description: 'json' };

/** Whatever keeps a recording from being judged must not pass, by its exit code, for a difference. */
async function judging({ actors }: { readonly actors?: string }, run: () => Promise<void>): Promise<void> {
  try {
    if (actors !== undefined) await playAlso(actors);
    await run();
  } catch (error) {
    throw error instanceof UsageError || error instanceof Exit ? error : new UnplayableError(error);
  }
}

async function playAlso(file: string): Promise<void> {
  const [{ loadActors }, { alsoPlay }] = await Promise.all([
    import('../../embed/load-actors.ts'),
    import('../../replay/play/definitions.ts'),
  ]);
  alsoPlay(await loadActors(file));
}

/** What plays recordings back. */
export const REPLAYING: readonly CommandSpec[] = [
  command({
    name: 'replay',
    args: '[recording]',
    description:
      "Play recordings against today's code, offline: an actor's of this home, or of a server that is named, or a file",
    options: [
      { flags: '-i, --interactive', description: 'step through it: back, breakpoints, watches, the view at each turn' },
      {
        flags: '--from <point>',
        description: 'begin there: a turn, 21:50:35, 2026-11-24T21:50:35Z, 5m before the end, or rev:412',
      },
      {
        flags: '--to <point>',
        description: 'end there; with -i, stand there; with --turn, a time at which the start ran that is meant',
      },
      { flags: '--about <name>', description: 'list the turns about an object: web-1, or default/web-1' },
      {
        flags: '--uid <uid>',
        description: 'with --about: of several objects with that name, this one instead of the newest',
      },
      { flags: '--turn <number>', description: 'show this turn whole: what came in, what was said, why' },
      { flags: '--inspect-brk [port]', description: 'let a debugger attach; it stops inside the turn' },
      ACTOR,
      INSTANCE,
      KEY,
      ACTORS,
      LEVEL,
      { flags: '--what-if <file>', description: 'what would have been decided, had the object in this file been so' },
      { flags: '--full', description: 'with --what-if: every decision that changes' },
      { flags: '--check', description: 'every recording of this home: the first turn of each that goes differently' },
      OUTPUT,
      CONTEXT,
    ],
    notes: exitCodes('something goes differently; of --what-if: determinism is broken'),
    examples: [
      ['troupe replay scheduler', 'up to the first turn that goes differently now, and why it came about'],
      ['troupe replay scheduler -i --to 21:50:35', 'look around at that moment'],
      ['troupe replay kubelet --instance n1 --from 10m', 'the last ten minutes of one node'],
      ['troupe replay scheduler --about default/web-1', 'the turns in which it was placed'],
      ['troupe replay scheduler --turn 1204', 'one turn whole, with the chain of causes back to who applied it'],
      ['troupe replay scheduler --turn 1204 --inspect-brk', "the same in an editor's debugger"],
      ['troupe replay --check', 'every recording of this home'],
      ['troupe replay team-labels --actors actors.mjs', 'an actor of your own'],
    ],
    run: (args, options: ReplayOptions, terminal) =>
      judging(options, async () => (await import('./replay.ts')).replayCommand(args, options, terminal)),
  }),
  command({
    name: 'replay check',
    args: '<folder...>',
    description: "Play every recording file in a folder against today's code: which decisions change; for CI",
    options: [FULL, KEY, ACTORS, DECISION_LEVEL, OUTPUT],
    notes: exitCodes('some decision changes'),
    examples: [
      ['troupe replay check recordings/', 'every *.troupe in it'],
      ['troupe replay check recordings/ --level shape', 'what is said on which subject; bodies may differ'],
    ],
    run: (args, options: DiffOptions, terminal) =>
      judging(options, async () => (await import('./check.ts')).checkFolderCommand(args, options, terminal)),
  }),
  command({
    name: 'replay diff',
    args: '<a> <b>',
    description: 'Compare decision by decision: two recordings, or one under the code of another built tree',
    options: [FULL, ACTOR, INSTANCE, KEY, ACTORS, OUTPUT, CONTEXT],
    notes: exitCodes('something differs'),
    examples: [
      ['troupe replay diff monday.troupe tuesday.troupe', 'what was decided otherwise'],
      ['troupe replay diff scheduler.troupe ../troupe-1.2', "this code's decisions, and that one's"],
    ],
    run: ([a = '', b = ''], options: DiffOptions, terminal) =>
      judging(options, async () => (await import('./diff.ts')).diffCommand(a, b, options, terminal)),
  }),
  command({
    name: 'replay minimise',
    args: '<recording>',
    description: 'Find a smaller recording that still goes differently now: drops inputs and objects',
    options: [
      { flags: '-o, --output <file>', description: 'where to write it (required)' },
      {
        flags: '--old <tree>',
        description: 'built tree of the code that was recorded: it shall still say what it said',
      },
      { flags: '--within <span>', description: 'longest to search; default 60s' },
      ACTOR,
      INSTANCE,
      ACTORS,
      CONTEXT,
    ],
    notes: exitCodes('nothing differs, so there is nothing to make smaller').replace(
      'the same',
      'a smaller one is written',
    ),
    examples: [['troupe replay minimise incident.troupe -o small.troupe', 'for a bug report']],
    run: ([what = ''], options: MinimiseCommandOptions, terminal) =>
      judging(options, async () => (await import('./minimise.ts')).minimiseCommand(what, options, terminal)),
  }),
];
