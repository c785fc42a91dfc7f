/** What `troupe replay` does, which one of its flags says. */
export type ReplayMode = 'check' | 'about' | 'whatIf' | 'inspectBrk' | 'interactive' | 'turn' | 'play';

type Given = Readonly<Record<string, unknown>>;

/** In the order in which they are looked for; whichever flag a mode does not take would be passed over in silence. */
const MODES: readonly {
  readonly mode: ReplayMode;
  /** In words that begin a sentence. */
  readonly does: string;
  readonly takes: readonly string[];
}[] = [
  {
    mode: 'check',
    does: '--check plays all of this home, or of one actor of it',
    takes: ['level', 'key', 'output'],
  },
  { mode: 'about', does: '--about lists turns and plays none', takes: ['uid', 'from', 'to', 'output'] },
  { mode: 'whatIf', does: '--what-if plays whole recordings', takes: ['full', 'output'] },
  {
    mode: 'inspectBrk',
    does: '--inspect-brk runs the same command under a debugger',
    takes: ['turn', 'from', 'to', 'level'],
  },
  {
    mode: 'interactive',
    does: '-i is for typing commands, and stands at --to or --turn',
    takes: ['turn', 'from', 'to', 'level'],
  },
  { mode: 'turn', does: '--turn shows one turn', takes: ['to', 'level', 'output'] },
  { mode: 'play', does: 'a play shows the first turn that goes differently', takes: ['from', 'to', 'level', 'output'] },
];
/** Which recordings are meant; of a home or a server, `--check` plays all. */
const WHICH: readonly string[] = ['actor', 'instance', 'key'];
const WHERE: readonly string[] = ['context', 'actors'];
/** Beside `--turn`, `--to` tells of which start that is, by a time; a turn or a revision would be one more place to stop. */
const saysTwice = ({ turn, to }: Given): boolean =>
  turn !== undefined && typeof to === 'string' && /^(\d+|rev:.*)$/.test(to);

/** @returns what is asked for, or what is wrong with how it is asked */
export function planReplayMode(
  given: Given,
):
  | { readonly mode: ReplayMode; readonly problem?: undefined }
  | { readonly mode?: undefined; readonly problem: string } {
  const flags = Object.keys(given).filter((name) => given[name] !== undefined && given[name] !== false);
  const { mode, does, takes } = MODES.find((one) => one.mode === 'play' || flags.includes(one.mode)) ?? PLAY;
  const known = [...takes, ...WHERE, ...(mode === 'check' ? [] : WHICH)];
  const extra = flags.find((name) => name !== mode && !known.includes(name));
  if (extra !== undefined) return { problem: `${does}; leave out ${flagOf(extra)}` };
  if (saysTwice(given))
    return {
      problem:
        '--turn and --to both say where to stop; leave out one of them, or give --to a time: when the start ran that is meant',
    };
  return { mode };
}

const PLAY = { mode: 'play', does: '', takes: [] } as const;

/** `whatIf` -> `--what-if` */
const flagOf = (name: string): string =>
  name === 'interactive' ? '-i' : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
