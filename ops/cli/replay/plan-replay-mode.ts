/** What `troupe replay` does; one of its flags decides. */
export type ReplayMode = 'check' | 'about' | 'whatIf' | 'inspectBrk' | 'interactive' | 'turn' | 'play';

type Given = Readonly<Record<string, unknown>>;

/** In order of precedence. A flag that a mode does not take is an error. */
const MODES: readonly {
  readonly mode: ReplayMode;
  /** The beginning of the error message. */
  readonly does: string;
  readonly takes: readonly string[];
}[] = [
  {
    mode: 'check',
    does: '--check plays all recordings of this home, or those of one actor',
    takes: ['level', 'key', 'output'],
  },
  { mode: 'about', does: '--about lists turns and does not play them', takes: ['uid', 'from', 'to', 'output'] },
  { mode: 'whatIf', does: '--what-if plays whole recordings', takes: ['full', 'output'] },
  {
    mode: 'inspectBrk',
    does: '--inspect-brk runs the same command under a debugger',
    takes: ['turn', 'from', 'to', 'level'],
  },
  {
    mode: 'interactive',
    does: '-i reads commands, and begins at --to or --turn',
    takes: ['turn', 'from', 'to', 'level'],
  },
  { mode: 'turn', does: '--turn shows one turn', takes: ['to', 'level', 'output'] },
  { mode: 'play', does: 'a replay shows the first turn that differs', takes: ['from', 'to', 'level', 'output'] },
];
/** Flags that choose recordings. */
const WHICH: readonly string[] = ['actor', 'instance', 'key'];
const WHERE: readonly string[] = ['context', 'actors'];
/** With `--turn`, `--to` chooses the start by a time; a turn or revision there would contradict `--turn`. */
const saysTwice = ({ turn, to }: Given): boolean =>
  turn !== undefined && typeof to === 'string' && /^(\d+|rev:.*)$/.test(to);

/** @returns the mode, or what is wrong with the flags */
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
        '--turn and --to both say where to stop; leave out one of them, or give --to a time at which the wanted start ran',
    };
  return { mode };
}

const PLAY = { mode: 'play', does: '', takes: [] } as const;

/** `whatIf` -> `--what-if` */
const flagOf = (name: string): string =>
  name === 'interactive' ? '-i' : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
