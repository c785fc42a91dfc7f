import { closest } from '../../../contracts/did-you-mean.ts';
import { counted } from '../../replay/compare/counted.ts';
import type { ReplaySession } from '../../replay/play/session.ts';
import { SCOPE, Stops } from '../../replay/play/stops.ts';
import { formatTable } from '../objects/plan-table.ts';
import { UsageError } from '../shared/errors.ts';
import { wordsOf } from './plan-words.ts';
import { momentText, timeText } from './render.ts';
import type { ShellCommand, ShellContext } from './shell-command.ts';
import { LOOKS } from './shell-looks.ts';
import { MOVES } from './shell-moves.ts';
import { STOPS } from './shell-stops.ts';

/** Help of `break`; no line is wider than a narrow terminal. */
const CONDITIONS = `conditions of break:
  --subject P   what is heard or said is on it; * and > as in NATS
  --kind K      start, change, call, answer, due; or pods, Node
  --turn N      that turn
  --when EXPR   JavaScript over ${SCOPE.join(', ')}; one
                with quotes or blanks must be quoted as a whole:
                'said.some(s => s.body.target?.name === "n7")'
`;

/** The interactive player: takes a line and returns text. Independent of terminals. */
export class ReplayShell {
  readonly session: ReplaySession;
  readonly #context: ShellContext;
  readonly #commands: readonly ShellCommand[];
  /** What an empty line does. */
  #again = '';
  done = false;
  /** A command is running. */
  #busy = false;
  #interrupted = false;

  constructor(session: ReplaySession, { paint, causes }: Pick<ShellContext, 'paint' | 'causes'>) {
    this.session = session;
    this.#context = { session, stops: new Stops(session), interrupted: () => this.#interrupted, paint, causes };
    this.#commands = [
      ...MOVES,
      ...STOPS,
      ...LOOKS,
      {
        name: 'help',
        alias: 'h',
        args: '[command]',
        help: 'this list, or one command',
        run: (_, [name]) => this.#help(name),
        complete: () => this.#names(),
      },
      {
        name: 'quit',
        alias: 'q',
        help: 'leave',
        run: () => {
          this.done = true;
          return '';
        },
      },
    ];
  }

  /** `scheduler/m1 1204/4031` */
  get prompt(): string {
    const { self } = this.session.playable.incarnation;
    const { turns, frame } = this.session;
    return `${self.actor}/${self.instance} ${frame?.turn.n ?? 0}/${turns.at(-1)?.n ?? 0}`;
  }

  /** The first line of output. */
  get welcome(): string {
    const { self } = this.session.playable.incarnation;
    const { turns } = this.session;
    const span = `${momentText(turns[0]?.now ?? 0)} to ${timeText(turns.at(-1)?.now ?? 0)}`;
    return `${self.actor}/${self.instance}: ${counted(turns.length, 'turn')}, ${span}; "help" lists the commands\n`;
  }

  /**
   * Runs a line; an empty one repeats the last move.
   * @returns the output
   * @throws UsageError, StatusError: one line for the user
   */
  async run(line: string): Promise<string> {
    const meant = line.trim() === '' ? this.#again : line;
    const words = wordsOf(meant);
    if (words === undefined) throw new UsageError('a quote is not closed');
    const [word, ...args] = words;
    if (word === undefined) return '';
    const command = this.#find(word);
    refuseMore(command, args);
    if (command.again === true) this.#again = meant;
    this.#interrupted = false;
    this.#busy = true;
    try {
      return await command.run(this.#context, args);
    } finally {
      this.#busy = false;
    }
  }

  /** Interrupts a run. @returns whether a command was running that was not interrupted before; not every command ends by it */
  interrupt(): boolean {
    const mayEnd = this.#busy && !this.#interrupted;
    this.#interrupted = true;
    return mayEnd;
  }

  /** Completions of the last word of a line. */
  complete(line: string): readonly string[] {
    const words = line.trimStart().split(/\s+/);
    const last = words.at(-1) ?? '';
    const known = words.length > 1 ? this.#known(words[0] ?? '')?.complete?.(this.#context) : this.#names();
    return (known ?? []).filter((one) => one.startsWith(last)).sort();
  }

  #names(): readonly string[] {
    return this.#commands.map(({ name }) => name);
  }

  #known(word: string): ShellCommand | undefined {
    return this.#commands.find(({ name, alias }) => name === word || alias === word);
  }

  #find(word: string): ShellCommand {
    const found = this.#known(word);
    if (found !== undefined) return found;
    const near = closest(word, this.#names());
    const wayOut = near === undefined ? '"help" lists them' : `did you mean "${near}"?`;
    throw new UsageError(`there is no command "${word}"; ${wayOut}`);
  }

  #help(name: string | undefined): string {
    const shown = name === undefined ? this.#commands : [this.#find(name)];
    const rows = shown.map(({ name: own, alias = '', args, help }) => [
      args === undefined ? own : `${own} ${args}`,
      alias,
      help,
    ]);
    const table = formatTable([['COMMAND', 'SHORT', 'WHAT IT DOES'], ...rows]);
    if (name !== undefined && name !== 'break') return table;
    return `${table}${CONDITIONS}an empty line repeats the last step, back or run\n`;
  }
}

/** An extra argument is an error. */
function refuseMore({ name, args: taken, takesMany }: ShellCommand, args: readonly string[]): void {
  const extra = takesMany === true ? undefined : args[taken === undefined ? 0 : 1];
  if (extra === undefined) return;
  const wayOut = name === 'run' && /^\d+$/.test(extra) ? `"step ${extra}" plays that many turns` : `see "help ${name}"`;
  throw new UsageError(`${taken === undefined ? name : `${name} ${taken}`} does not take "${extra}"; ${wayOut}`);
}
