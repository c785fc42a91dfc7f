import { CONTEXT, type CommandSpec, command } from '../shared/command-spec.ts';
import type { ExportOptions, ListOptions } from './record.ts';

const INSTANCE = { flags: '--instance <name>', description: 'of this instance alone: a node, for a kubelet' };

/** What shows recordings and takes them elsewhere. */
export const RECORDING: readonly CommandSpec[] = [
  command({
    name: 'record ls',
    args: '[actor]',
    description:
      'Show what is recorded in this home, whether its cluster runs or not, or on a server that is named: spans, sizes, gaps',
    options: [INSTANCE, { flags: '-o, --output <format>', description: 'json' }, CONTEXT],
    examples: [
      ['troupe record ls', 'every actor, instance and start'],
      ['troupe record ls kubelet --instance n1', 'of one node'],
    ],
    run: async (args, options: ListOptions, terminal) =>
      (await import('./record.ts')).recordList(args, options, terminal),
  }),
  command({
    name: 'record export',
    description:
      'Write recordings to one file, which is played anywhere; secrets in it stay sealed, the key stays here',
    options: [
      { flags: '--actor <name>', description: 'of this actor alone; else of all' },
      INSTANCE,
      {
        flags: '--from <point>',
        description: 'begin there: a turn, 21:50:35, 2026-11-24T21:50:35Z, 5m before the end, or rev:412',
      },
      { flags: '--to <point>', description: 'end there' },
      { flags: '-o, --output <file>', description: 'the file (required); - for standard output' },
      CONTEXT,
    ],
    examples: [
      ['troupe record export --actor scheduler -o scheduler.troupe', 'then: troupe replay scheduler.troupe'],
      ['troupe record export --from 10m -o incident.troupe', 'the last ten minutes of every actor'],
      ['troupe record export -o - | gzip > incident.troupe.gz', 'as small as it gets; gunzip it to play it'],
    ],
    run: async (_, options: ExportOptions, terminal) => (await import('./record.ts')).recordExport(options, terminal),
  }),
];
