import { PassThrough } from 'node:stream';
import { main } from '../../ops/cli/main.ts';
import { painter } from '../../ops/cli/shared/colours.ts';
import type { Terminal } from '../../ops/cli/shared/terminal.ts';

/** Where nobody sits and nothing is seen. */
export const silent: Terminal = {
  out: () => undefined,
  outBytes: () => undefined,
  tell: () => undefined,
  paint: painter(false),
  interactive: false,
  streams: {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    isTerminal: false,
    setRaw: () => undefined,
    size: () => undefined,
    onResize: () => () => undefined,
  },
  outlastReader: () => undefined,
  now: () => 0,
  signal: new AbortController().signal,
};

/** Types a command line in this process; `seen` is what a person has seen so far. */
export function typeLine(argv: readonly string[], terminal: Partial<Terminal> = {}) {
  const seen = { out: '', err: '' };
  const code = main(argv, {
    ...silent,
    out: (text) => {
      seen.out += text;
    },
    tell: (line) => {
      seen.err += `${line}\n`;
    },
    ...terminal,
  });
  return { seen, code };
}

/** Types a command line and waits for its end. */
export async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const { seen, code } = typeLine(argv);
  return { code: await code, ...seen };
}
