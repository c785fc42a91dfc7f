import { createInterface } from 'node:readline';
import { chainOf } from '../../replay/explain/chain.ts';
import { definitionOf } from '../../replay/play/definitions.ts';
import { ReplaySession } from '../../replay/play/session.ts';
import { Exit } from '../shared/errors.ts';
import { INTERRUPTED, renderError } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { ReplayOptions } from './options.ts';
import { chosenText, codeOf, indexOfTyped, levelOf, openNamed, partsOf, startsMeant, typedTurn } from './parts.ts';
import { ReplayShell } from './shell.ts';

/** Where commands are read from: a terminal, or a pipe with a script. */
export interface Typist {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/** The interactive player. It ends with `quit`, Ctrl-D or Ctrl-C; during a run, Ctrl-C only ends the run. */
export async function interactive(
  what: string,
  { turn, ...given }: ReplayOptions,
  terminal: Terminal,
  typist: Typist = { input: process.stdin, output: process.stdout },
): Promise<void> {
  const n = turn === undefined ? undefined : typedTurn(turn);
  const source = await openNamed(what, given, terminal);
  const options = turn === undefined ? given : { ...given, to: turn };
  const parts = partsOf(turn === undefined ? source : { ...source, playables: startsMeant(source, given) }, options);
  const part = parts.at(-1);
  if (part === undefined) return;
  const { playable, to } = part;
  if (n !== undefined) indexOfTyped(playable, n, source.playables);
  const session = new ReplaySession(playable, codeOf(playable), { level: levelOf(options) });
  const shell = new ReplayShell(session, {
    paint: (format, text) => terminal.paint(format, text),
    causes: () => chainOf(session, source, definitionOf, aboutOf(session)),
  });
  if (parts.length > 1) {
    const all = parts.map((one) => one.playable);
    terminal.out(`${chosenText(what, all, playable, '--actor, --instance, --from and --to')}\n`);
  }
  terminal.out(shell.welcome);
  const at = options.to !== undefined ? to : options.from !== undefined ? part.from : undefined;
  if (at !== undefined) terminal.out(await shell.run(`goto ${session.turns[at]?.n ?? 0}`));
  await converse(shell, terminal, typist);
}

/** Subject of what the turn says: of several changed objects, the chain of causes follows this one. */
const aboutOf = ({ frame }: ReplaySession): string => frame?.says[0]?.said.subject ?? '';

async function converse(shell: ReplayShell, terminal: Terminal, { input, output }: Typist): Promise<void> {
  const person = input.isTTY === true;
  const lines = createInterface({
    input,
    ...(person ? { output } : {}),
    terminal: person,
    completer: (line: string) => {
      const words = shell.complete(line);
      return [words.length === 1 ? [`${words[0]} `] : words, line.split(/\s+/).at(-1) ?? ''];
    },
    historySize: 1_000,
  });
  const ask = (): void => {
    if (!person) return;
    lines.setPrompt(`${shell.prompt}> `);
    lines.prompt();
  };
  terminal.signal.addEventListener('abort', () => {
    shell.interrupt();
    lines.close();
  });
  lines.on('SIGINT', () => {
    if (!shell.interrupt()) lines.close();
  });
  ask();
  for await (const line of lines) {
    // The commands of a script are printed, so that the output reads like a session at a terminal.
    if (!person) terminal.out(`${shell.prompt}> ${line}\n`);
    try {
      terminal.out(await shell.run(line));
    } catch (error) {
      const { lines: shown } = renderError('replay', error);
      terminal.out(shown.map((one) => `${one}\n`).join(''));
    }
    if (shell.done || terminal.signal.aborted) break; // of a script the next lines are here already
    ask();
  }
  lines.close();
  if (person && !shell.done) terminal.out('\n');
  if (!person && terminal.signal.aborted) throw new Exit(INTERRUPTED);
}
