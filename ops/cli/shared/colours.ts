import colours from 'picocolors';

type Format = 'bold' | 'green' | 'yellow' | 'red';
export type Painter = (format: Format, text: string) => string;

/** Is coloured output wanted? On terminals only, and not with NO_COLOR (https://no-color.org). */
export const wantsColour = (stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean =>
  stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';

export function painter(colour: boolean): Painter {
  const paint = colours.createColors(colour);
  return (format, text) => paint[format](text);
}

const TONES: readonly [RegExp, Format][] = [
  [/^(Running|Ready|Active|True|Bound|Available|Completed|Succeeded|Normal)$/, 'green'],
  [
    /^(Pending|ContainerCreating|PodInitializing|Terminating|Progressing|Unknown|Warning|Init:\d+\/\d+|.*SchedulingDisabled)$/,
    'yellow',
  ],
  [/(Error|BackOff|Failed|Err[A-Z]\w*|NotReady|OOMKilled|Evicted|Invalid\w+)$/, 'red'],
];

/** Colour of a cell in a status column; `undefined` for none. */
export function toneOf(header: string, cell: string): Format | undefined {
  if (!/^(STATUS|PHASE|TYPE|REASON|STATE)$/.test(header)) return undefined;
  return TONES.find(([pattern]) => pattern.test(cell))?.[1];
}
