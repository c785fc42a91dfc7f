import { type CommandSpec, command } from './command-spec.ts';
import type { ReplayOptions } from './replay.ts';

/** What plays recordings back. */
export const REPLAYING: readonly CommandSpec[] = [
  command({
    name: 'replay',
    args: '[recording]',
    description: "Play recordings against today's code, offline: an actor's of this home, or a file",
    options: [
      { flags: '-i, --interactive', description: 'step through it: back, breakpoints, watches, the view at each turn' },
      {
        flags: '--from <point>',
        description: 'begin there: a turn, 21:50:35, 2026-11-24T21:50:35Z, or 5m before the end',
      },
      { flags: '--to <point>', description: 'end there; with -i, stand there' },
      { flags: '--turn <number>', description: 'show this turn whole: what came in, what was said, why' },
      { flags: '--inspect-brk [port]', description: 'let a debugger attach; it stops inside the turn' },
      { flags: '--instance <name>', description: 'of this instance alone: a node, for a kubelet' },
      {
        flags: '--key <file>',
        description: 'cluster.key of the home that a file is from, to play what carries secret data',
      },
      {
        flags: '--level <level>',
        description: 'what must be the same: strict (default), shape (subjects alone) or state (cells alone)',
        choices: ['strict', 'shape', 'state'],
      },
      { flags: '--check', description: 'every recording of this home: the first turn of each that goes differently' },
      { flags: '-o, --output <format>', description: 'json' },
    ],
    examples: [
      ['troupe replay scheduler', 'up to the first turn that goes differently now, and why it came about'],
      ['troupe replay scheduler -i --to 21:50:35', 'look around at that moment'],
      ['troupe replay kubelet --instance n1 --from 10m', 'the last ten minutes of one node'],
      ['troupe replay scheduler --turn 1204', 'one turn whole, with the chain of causes back to who applied it'],
      ['troupe replay scheduler --turn 1204 --inspect-brk', "the same in an editor's debugger"],
      ['troupe replay --check', 'every recording of this home'],
    ],
    run: async (args, options: ReplayOptions, terminal) =>
      (await import('./replay.ts')).replayCommand(args, options, terminal),
  }),
];
