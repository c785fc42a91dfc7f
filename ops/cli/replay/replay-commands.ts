import { CONTEXT, type CommandSpec, command, type OptionSpec } from '../shared/command-spec.ts';
import { Exit, UnplayableError, UsageError } from '../shared/errors.ts';
import type { DiffOptions } from './diff.ts';
import type { MinimiseCommandOptions } from './minimise.ts';
import type { ReplayOptions } from './options.ts';

const FULL: OptionSpec = { flags: '--full', description: 'all changed decisions, not only the first' };
const ACTOR: OptionSpec = { flags: '--actor <name>', description: 'of a file with several actors, only this one' };
const INSTANCE: OptionSpec = {
  flags: '--instance <name>',
  description: 'only this instance: the node, for a kubelet',
};
const KEY: OptionSpec = {
  flags: '--key <file>',
  description: 'cluster.key of the home that recorded, to play turns with secret data',
};
const LEVEL: OptionSpec = {
  flags: '--level <level>',
  description: 'what must be the same: strict (default), shape (only subjects) or state (only cells)',
  choices: ['strict', 'shape', 'state'],
};
/** For commands that compare decisions, not states. */
const DECISION_LEVEL: OptionSpec = {
  flags: '--level <level>',
  description: 'what must be the same: strict (default) or shape (only subjects)',
  choices: ['strict', 'shape'],
};
/** The exit codes, for the help text. */
const exitCodes = (differs: string): string =>
  [
    'Exit code:',
    '  0  the same',
    `  1  ${differs}`,
    '  2  wrong arguments',
    '  3  no result: a recording or another input could not be opened, or no turn could be played',
  ].join('\n');

const ACTORS: OptionSpec = {
  flags: '--actors <file>',
  description: 'module that exports your own `actors`, to play their recordings',
};
const OUTPUT: OptionSpec = { flags: '-o, --output <format>', description: 'json' };

/** An error that prevents a result has another exit code than a difference. */
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

/** The commands that play recordings. */
export const REPLAYING: readonly CommandSpec[] = [
  command({
    name: 'replay',
    args: '[recording]',
    description: "Play recordings against today's code: those of an actor in this home or on a server, or a file",
    options: [
      { flags: '-i, --interactive', description: 'step through it, with breakpoints and watches' },
      {
        flags: '--from <point>',
        description: 'begin at a turn, 21:50:35, 2026-11-24T21:50:35Z, 5m (before the end) or rev:412',
      },
      {
        flags: '--to <point>',
        description: 'end at this point; with -i, begin there; with --turn, a time at which the wanted start ran',
      },
      { flags: '--about <name>', description: 'list the turns about an object: web-1, or default/web-1' },
      {
        flags: '--uid <uid>',
        description: 'with --about: of several objects with that name, this one instead of the newest',
      },
      { flags: '--turn <number>', description: 'show this turn in full: its input, what was said, and why' },
      { flags: '--inspect-brk [port]', description: 'wait for a debugger, which stops inside the turn' },
      ACTOR,
      INSTANCE,
      KEY,
      ACTORS,
      LEVEL,
      { flags: '--what-if <file>', description: 'what would have been decided with the object in this file' },
      { flags: '--full', description: 'with --what-if: all changed decisions' },
      { flags: '--check', description: 'play all recordings of this home; show the first difference of each' },
      OUTPUT,
      CONTEXT,
    ],
    notes: exitCodes('something differs; with --what-if: the code is not deterministic'),
    examples: [
      ['troupe replay scheduler', 'up to the first turn that differs, and what caused the turn'],
      ['troupe replay scheduler -i --to 21:50:35', 'step through it from that time'],
      ['troupe replay kubelet --instance n1 --from 10m', 'the last ten minutes of one node'],
      ['troupe replay scheduler --about default/web-1', 'the turns about this pod'],
      ['troupe replay scheduler --turn 1204', 'one turn in full, with the chain of its causes'],
      ['troupe replay scheduler --turn 1204 --inspect-brk', 'the same in a debugger'],
      ['troupe replay --check', 'every recording of this home'],
      ['troupe replay team-labels --actors actors.mjs', 'an actor of your own'],
    ],
    run: (args, options: ReplayOptions, terminal) =>
      judging(options, async () => (await import('./replay.ts')).replayCommand(args, options, terminal)),
  }),
  command({
    name: 'replay check',
    args: '<folder...>',
    description: "Play every recording file in a folder and list the decisions that today's code changes; for CI",
    options: [FULL, KEY, ACTORS, DECISION_LEVEL, OUTPUT],
    notes: exitCodes('a decision changes'),
    examples: [
      ['troupe replay check recordings/', 'all *.troupe files in it'],
      ['troupe replay check recordings/ --level shape', 'compare only subjects; bodies may differ'],
    ],
    run: (args, options: DiffOptions, terminal) =>
      judging(options, async () => (await import('./check.ts')).checkFolderCommand(args, options, terminal)),
  }),
  command({
    name: 'replay diff',
    args: '<a> <b>',
    description: 'Compare the decisions of two recordings, or of one recording under the code of another built tree',
    options: [FULL, ACTOR, INSTANCE, KEY, ACTORS, OUTPUT, CONTEXT],
    notes: exitCodes('something differs'),
    examples: [
      ['troupe replay diff monday.troupe tuesday.troupe', 'which decisions differ'],
      ['troupe replay diff scheduler.troupe ../troupe-1.2', 'the decisions of this code and of that one'],
    ],
    run: ([a = '', b = ''], options: DiffOptions, terminal) =>
      judging(options, async () => (await import('./diff.ts')).diffCommand(a, b, options, terminal)),
  }),
  command({
    name: 'replay minimise',
    args: '<recording>',
    description: 'Find a smaller recording that still differs, by dropping inputs and objects',
    options: [
      { flags: '-o, --output <file>', description: 'the file to write (required)' },
      {
        flags: '--old <tree>',
        description: 'built tree of the code that was recorded; it must still say what is recorded',
      },
      { flags: '--within <span>', description: 'longest search; default 60s' },
      ACTOR,
      INSTANCE,
      ACTORS,
      CONTEXT,
    ],
    notes: exitCodes('nothing differs, so there is nothing to make smaller').replace(
      'the same',
      'a smaller recording was written',
    ),
    examples: [['troupe replay minimise incident.troupe -o small.troupe', 'for a bug report']],
    run: ([what = ''], options: MinimiseCommandOptions, terminal) =>
      judging(options, async () => (await import('./minimise.ts')).minimiseCommand(what, options, terminal)),
  }),
];
