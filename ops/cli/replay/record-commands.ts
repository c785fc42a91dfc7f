import { CONTEXT, type CommandSpec, command } from '../shared/command-spec.ts';
import type { ExportOptions, ListOptions } from './record.ts';

const INSTANCE = { flags: '--instance <name>', description: 'only this instance: the node, for a kubelet' };

/** The commands that list and export recordings. */
export const RECORDING: readonly CommandSpec[] = [
  command({
    name: 'record ls',
    args: '[actor]',
    description:
      'List the recordings of this home, whether its cluster runs or not, or of a server: one line for each start of an actor',
    options: [INSTANCE, { flags: '-o, --output <format>', description: 'json' }, CONTEXT],
    examples: [
      ['troupe record ls', 'all recordings'],
      ['troupe record ls kubelet --instance n1', 'the starts of one kubelet'],
    ],
    run: async (args, options: ListOptions, terminal) =>
      (await import('./record.ts')).recordList(args, options, terminal),
  }),
  command({
    name: 'record export',
    description:
      'Write recordings to one file, which can be played anywhere; secrets in it stay sealed and the key is not included',
    options: [
      { flags: '--actor <name>', description: 'only this actor; default: all' },
      INSTANCE,
      {
        flags: '--from <point>',
        description: 'begin at a turn, 21:50:35, 2026-11-24T21:50:35Z, 5m (before the end) or rev:412',
      },
      { flags: '--to <point>', description: 'end at this point' },
      { flags: '-o, --output <file>', description: 'the file (required); - for standard output' },
      CONTEXT,
    ],
    examples: [
      ['troupe record export --actor scheduler -o scheduler.troupe', 'then: troupe replay scheduler.troupe'],
      ['troupe record export --from 10m -o incident.troupe', 'the last ten minutes of every actor'],
      ['troupe record export -o - | gzip > incident.troupe.gz', 'compressed; gunzip it before playing it'],
    ],
    run: async (_, options: ExportOptions, terminal) => (await import('./record.ts')).recordExport(options, terminal),
  }),
];
