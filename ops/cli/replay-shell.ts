import { parseArgs } from 'node:util';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { storeKey } from '../../contracts/store/keys.ts';
import { indexAt, parsePoint } from '../replay/parse-moment.ts';
import type { Cause } from '../replay/plan-causes.ts';
import { aboutFinder } from '../replay/plan-about.ts';
import { valuesOf } from '../replay/plan-watch.ts';
import { wordsOf } from '../replay/plan-words.ts';
import type { ReplaySession } from '../replay/session.ts';
import { type Stop, Stops } from '../replay/stops.ts';
import { open, reportTurn } from '../replay/turn-report.ts';
import { closest } from './closest.ts';
import { UsageError } from './errors.ts';
import { formatTable, planTable } from './plan-table.ts';
import { causesText, cellsText, heardText, indent, momentText, saidText, timeText, yamlText } from './replay-render.ts';
import { scoresAt } from './replay-scores.ts';
import { lineOf } from './replay-line.ts';
import { columnsOf, resourceTargets } from './resources.ts';
import type { Terminal } from './terminal.ts';

interface ShellCommand {
  readonly name: string;
  readonly alias?: string;
  readonly args?: string;
  readonly help: string;
  readonly run: (args: readonly string[]) => Promise<void> | void;
}

/** Most turns that one command lists. */
const LISTED_MAX = 1_000;

/** The commands of the interactive player: a line in, text out. Knows nothing of terminals. */
export class ReplayShell {
  readonly session: ReplaySession;
  readonly stops: Stops;
  readonly #out: (text: string) => void;
  readonly #paint: Terminal['paint'];
  readonly #causes: () => Promise<readonly Cause[]>;
  readonly #commands: readonly ShellCommand[];
  #last = '';
  done = false;

  constructor(
    session: ReplaySession,
    options: {
      readonly out: (text: string) => void;
      readonly paint: Terminal['paint'];
      /** Why the turn at which the session stands came about. */
      readonly causes: () => Promise<readonly Cause[]>;
    },
  ) {
    this.session = session;
    this.stops = new Stops(session);
    this.#out = options.out;
    this.#paint = options.paint;
    this.#causes = options.causes;
    this.#commands = this.#makeCommands();
  }

  /** `scheduler/m1 1204/4031` */
  get prompt(): string {
    const { self } = this.session.playable.incarnation;
    const { turns } = this.session;
    return `${self.actor}/${self.instance} ${this.session.frame?.turn.n ?? 0}/${turns.at(-1)?.n ?? 0}`;
  }

  /**
   * Does what a line says; an empty one repeats the last that moved.
   * @throws UsageError, StatusError: one line for whoever typed it
   */
  async run(line: string): Promise<void> {
    const words = wordsOf(line.trim() === '' ? this.#last : line);
    if (words === undefined) throw new UsageError('a quote is not closed');
    const [word, ...args] = words;
    if (word === undefined) return;
    const command = this.#find(word);
    if (['step', 'back', 'run'].includes(command.name)) this.#last = line.trim() === '' ? this.#last : line;
    await command.run(args);
  }

  /** Words that may stand where the last word of a line stands. */
  complete(line: string): readonly string[] {
    const words = line.trimStart().split(/\s+/);
    const last = words.at(-1) ?? '';
    const known = words.length <= 1 ? this.#commands.map(({ name }) => name) : this.#completions(words[0] ?? '');
    return known.filter((one) => one.startsWith(last)).sort();
  }

  /** A person has just arrived: where is this, and what now? */
  welcome(): void {
    const { incarnation } = this.session.playable;
    const { turns } = this.session;
    const first = turns[0];
    const last = turns.at(-1);
    this.#out(
      `${incarnation.self.actor}/${incarnation.self.instance}: ${turns.length} turns, ${momentText(first?.now ?? 0)} to ${timeText(last?.now ?? 0)}; "help" shows what to type\n`,
    );
  }

  #find(word: string): ShellCommand {
    const found = this.#commands.find(({ name, alias }) => name === word || alias === word);
    if (found !== undefined) return found;
    const near = closest(
      word,
      this.#commands.map(({ name }) => name),
    );
    throw new UsageError(
      `there is no command "${word}"; ${near === undefined ? '"help" shows what there is' : `did you mean "${near}"?`}`,
    );
  }

  #completions(command: string): readonly string[] {
    const name = this.#commands.find(({ name: one, alias }) => one === command || alias === command)?.name;
    if (name === 'break') return ['--subject', '--kind', '--when', '--turn'];
    if (name === 'watch' || name === 'cells') return Object.keys(this.session.cells());
    if (name === 'list') return ['breaks'];
    if (name === 'help') return this.#commands.map((one) => one.name);
    if (name !== 'view') return [];
    return [...this.session.view().entries()].map(({ key, object }) => {
      const [resource = ''] = key.split('.');
      const { namespace, name: own = '' } = object.metadata ?? {};
      return `${resource}/${namespace === undefined ? '' : `${namespace}/`}${own}`;
    });
  }

  #makeCommands(): readonly ShellCommand[] {
    return [
      { name: 'step', alias: 's', args: '[n]', help: 'play the next turn, or the next n', run: ([n]) => this.#step(n) },
      { name: 'back', alias: 'b', args: '[n]', help: 'go back a turn, or n', run: ([n]) => this.#back(n) },
      {
        name: 'run',
        alias: 'r',
        help: 'play until a breakpoint, a watch, a difference or the end',
        run: () => this.#run(),
      },
      {
        name: 'goto',
        alias: 'g',
        args: '<turn|time>',
        help: 'stand at a turn: 1204, 21:50:35, 5m before the end',
        run: ([to]) => this.#goto(to),
      },
      {
        name: 'find',
        alias: 'f',
        args: '<name>',
        help: 'go to the next turn about an object: web-1, or default/web-1',
        run: ([name]) => this.#findNext(name),
      },
      {
        name: 'break',
        args: '--subject P | --kind K | --when EXPR | --turn N',
        help: 'stop there; several together must all hold',
        run: (args) => this.#break(args),
      },
      {
        name: 'watch',
        args: '<cell[.path]>',
        help: 'stop when a value in a cell changes; * stands for anything',
        run: ([path]) => this.#watch(path),
      },
      { name: 'delete', args: '<number>', help: 'forget a breakpoint or a watch', run: ([id]) => this.#delete(id) },
      {
        name: 'list',
        alias: 'l',
        args: '[breaks]',
        help: 'breakpoints and watches; a number instead: so many turns around',
        run: ([what]) => this.#list(what),
      },
      { name: 'input', alias: 'i', help: 'what came in, in full', run: () => this.#input() },
      { name: 'said', alias: 'o', help: 'what is said, then and now, in full', run: () => this.#said() },
      {
        name: 'cells',
        alias: 'c',
        args: '[cell]',
        help: "the actor's state at this turn; * stands for anything",
        run: ([path]) => this.#cells(path),
      },
      {
        name: 'view',
        alias: 'v',
        args: '<kind>[/[namespace/]name]',
        help: 'what the actor saw at this turn: a kind as a table, an object as YAML',
        run: ([what]) => this.#view(what),
      },
      { name: 'why', alias: 'y', help: 'the chain of causes that led here', run: () => this.#why() },
      {
        name: 'scores',
        help: 'of a scheduler: what it thinks of each node for the pods placed in this turn',
        run: () => this.#scores(),
      },
      {
        name: 'where',
        alias: 'w',
        help: 'the turn, what waits, and what has differed so far',
        run: () => this.#where(),
      },
      { name: 'help', alias: 'h', args: '[command]', help: 'this', run: ([name]) => this.#help(name) },
      { name: 'quit', alias: 'q', help: 'leave', run: () => void (this.done = true) },
    ];
  }

  /* Moving. */

  #step(n: string | undefined): void {
    const count = countOf(n);
    for (let at = 0; at < count; at++) {
      if (this.session.step() === undefined) return this.#out('the end of the recording\n');
      if (count === 1) this.#show();
      else if (at < LISTED_MAX) this.#out(this.#line());
    }
  }

  #back(n: string | undefined): void {
    const count = countOf(n);
    if (this.session.position < 0) return this.#out('the beginning of the recording\n');
    this.session.goto(Math.max(-1, this.session.position - count));
    this.#show();
  }

  #run(): void {
    const stop = this.stops.run();
    this.#out(`${this.#stopText(stop)}\n`);
    this.#show();
  }

  #stopText(stop: Stop | undefined): string {
    const text =
      stop === undefined
        ? this.session.divergences.size === 0
          ? 'the end of the recording; nothing differed'
          : `the end of the recording; ${this.session.divergences.size} turns differed`
        : stop.why === 'divergence'
          ? "today's code acts differently here"
          : stop.why === 'breakpoint'
            ? `breakpoint ${stop.id}: ${stop.text}`
            : `watch ${stop.id}: ${stop.watched.map(({ cell, before, after }) => `${cell}: ${brief(before)} -> ${brief(after)}`).join('; ')}`;
    return this.#paint('bold', text);
  }

  #goto(to: string | undefined): void {
    if (to === undefined)
      throw new UsageError('goto where? a turn (1204), a time (21:50:35) or a span back from the end (5m)');
    const { turns } = this.session;
    this.session.goto(indexAt(turns, parsePoint(to, turns.at(-1)?.now ?? 0)));
    this.#show();
  }

  #findNext(name: string | undefined): void {
    if (name === undefined) throw new UsageError('find what? the name of an object: web-1, or default/web-1');
    const isAbout = aboutFinder(name);
    const next = this.session.turns.findIndex((turn, at) => isAbout(turn) && at > this.session.position);
    if (next < 0) return this.#out(`no later turn is about ${name}\n`);
    this.session.goto(next);
    this.#show();
  }

  /* Stopping. */

  #break(args: readonly string[]): void {
    const breakpoint = breakpointOf(args);
    this.#out(`breakpoint ${this.#added(() => this.stops.addBreakpoint(breakpoint))}\n`);
  }

  #added(add: () => number): number {
    try {
      return add();
    } catch (error) {
      throw new UsageError(
        `${(error as Error).message}; an expression may speak of turn, now, rec, body, said and cells`,
      );
    }
  }

  #watch(path: string | undefined): void {
    if (path === undefined) throw new UsageError('watch what? a cell, perhaps with a path into it; "cells" shows them');
    this.#out(
      `watch ${this.stops.addWatch(path)}: ${JSON.stringify(valuesOf(path, Object.entries(this.session.cells())))}\n`,
    );
  }

  #delete(id: string | undefined): void {
    if (!this.stops.remove(Number(id)))
      throw new UsageError(`there is no breakpoint or watch ${id ?? ''}; "list breaks" shows them`);
  }

  #list(what: string | undefined): void {
    if (what !== undefined && /^\d+$/.test(what)) return this.#around(Number(what));
    const all = this.stops.list();
    this.#out(
      all.length === 0 ? 'no breakpoints and no watches\n' : all.map(({ id, text }) => `${id}  ${text}\n`).join(''),
    );
  }

  /** The turns around this one, as they were recorded. */
  #around(count: number): void {
    const { turns, position } = this.session;
    const from = Math.max(0, position - count);
    for (let at = from; at <= Math.min(turns.length - 1, position + count); at++)
      this.#out(
        `${at === position ? '>' : ' '} ${lineOf(turns[at] as (typeof turns)[number], this.session.divergences.has(at))}\n`,
      );
  }

  /* Looking. */

  #line(): string {
    const { frame } = this.session;
    return frame === undefined
      ? ''
      : `${lineOf(frame.turn, frame.divergence !== undefined, frame.unplayed === undefined)}\n`;
  }

  #show(): void {
    const report = reportTurn(this.session);
    if (report === undefined) return this.#out('before the first turn\n');
    const { frame } = this.session;
    if (frame?.unplayed !== undefined)
      return this.#out(
        `${this.#line()}  it cannot be played: ${frame.unplayed}; the next start tells everything anew\n`,
      );
    const finding = report.finding === undefined ? '' : `  ${this.#paint('yellow', report.finding)}\n`;
    const cells = cellsText(report.cells, this.#paint);
    this.#out(
      `${this.#paint('bold', `turn ${report.turn}`)}  ${timeText(report.now)}  ${heardText(report.heard, this.#paint, { body: false })}${finding}` +
        `${report.said.length === 0 ? '' : `  says\n${saidText(report.said, this.#paint, false)}`}` +
        `${cells === '' ? '' : `  cells\n${cells}`}` +
        report.reports.map((line) => `  ${this.#paint('red', line)}\n`).join(''),
    );
  }

  #input(): void {
    const report = reportTurn(this.session);
    this.#out(report === undefined ? 'before the first turn\n' : heardText(report.heard, this.#paint, { body: true }));
  }

  #said(): void {
    const report = reportTurn(this.session);
    this.#out(report === undefined ? 'before the first turn\n' : saidText(report.said, this.#paint, true));
  }

  #cells(path: string | undefined): void {
    const cells = this.session.cells();
    const shown = path === undefined ? cells : valuesOf(path, Object.entries(cells));
    const count = Object.keys(shown).length;
    this.#out(
      count === 0 ? `no cell${path === undefined ? ' has anything in it' : ` is called ${path}`}\n` : yamlText(shown),
    );
  }

  #view(what: string | undefined): void {
    if (what === undefined) throw new UsageError('view what? a kind (pods) or an object (pods/default/web-1, node/n1)');
    const [kind = '', ...rest] = what.split('/');
    const resource = resourceTargets([kind])[0]?.resource;
    if (resource === undefined) return;
    const view = this.session.view();
    if (rest.length === 0) {
      const objects = view.list(resource.resource);
      const rows = planTable(columnsOf(resource), objects, this.session.frame?.turn.now ?? 0, {
        namespaces: resource.namespaced,
      });
      return this.#out(
        objects.length === 0 ? `there are no ${resource.plural} at revision ${view.revision}\n` : formatTable(rows),
      );
    }
    const [name = '', namespace] = [...rest].reverse();
    const found = findObject(view.list(resource.resource), name, namespace);
    if (found === undefined)
      throw new UsageError(
        `there is no ${what} at revision ${view.revision}; "view ${resource.plural}" shows what there is`,
      );
    this.#out(yamlText(open(storeKey(resource.resource, found.metadata?.namespace, name), found)));
  }

  #scores(): void {
    this.#out(scoresAt(this.session) || 'no pod is placed in this turn\n');
  }

  async #why(): Promise<void> {
    this.#out(causesText(await this.#causes()));
  }

  #where(): void {
    const { frame, playable, divergences, turns } = this.session;
    const { incarnation } = playable;
    const lines = [
      `turn       ${frame?.turn.n ?? 0} of ${turns.at(-1)?.n ?? 0}${frame === undefined ? '' : `, ${momentText(frame.turn.now)}`}`,
      `view       revision ${this.session.revision}, ${this.session.view().size} objects`,
      `recorded   ${momentText(incarnation.incarnation)}, Node ${incarnation.node}${incarnation.build === '' ? '' : `, build ${incarnation.build}`}`,
      ...(frame?.asks ?? []).map(
        ({ id, say, subject, turn }) => `awaits     ask ${id}: ${say} ${subject}, asked in turn ${turn}`,
      ),
      ...(frame?.timers ?? []).map(({ due, turn }) => `timer      ${timeText(due)}, set in turn ${turn}`),
      `differed   ${
        divergences.size === 0
          ? 'nothing so far'
          : [...divergences.values()]
              .map(({ turn }) => turn)
              .sort((a, b) => a - b)
              .slice(0, 20)
              .join(', ')
      }`,
    ];
    this.#out(`${lines.join('\n')}\n`);
  }

  #help(name: string | undefined): void {
    const shown = name === undefined ? this.#commands : [this.#find(name)];
    const rows = shown.map(({ name: own, alias, args, help }) => [
      `${own}${args === undefined ? '' : ` ${args}`}`,
      alias ?? '',
      help,
    ]);
    this.#out(formatTable([['COMMAND', 'SHORT', 'WHAT IT DOES'], ...rows]));
    if (name === undefined || name === 'break')
      this.#out(
        indent(
          'EXPR is JavaScript over turn, now, rec, body, said and cells: said.some(s => s.body.target?.name === "node-7")\nan empty line repeats the last step, back or run',
          '',
        ),
      );
  }
}

function breakpointOf(args: readonly string[]): { subject?: string; kind?: string; when?: string; turn?: number } {
  const text = { type: 'string' } as const;
  let values: { subject?: string; kind?: string; when?: string; turn?: string };
  try {
    ({ values } = parseArgs({ args: [...args], options: { subject: text, kind: text, when: text, turn: text } }));
  } catch {
    values = {};
  }
  const { turn, ...rest } = values;
  if (Object.keys(values).length === 0 || (turn !== undefined && !/^\d+$/.test(turn)))
    throw new UsageError('break where? --subject "troupe.api.>", --kind pods, --turn 1204, --when "said.length > 1"');
  return { ...rest, ...(turn === undefined ? {} : { turn: Number(turn) }) };
}

function countOf(text: string | undefined): number {
  if (text === undefined) return 1;
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`"${text}" is no number of turns`);
  return Number(text);
}

/** @param namespace absent: whichever has one of that name, `default` first */
function findObject(
  objects: readonly KubeObject[],
  name: string,
  namespace: string | undefined,
): KubeObject | undefined {
  const named = objects.filter(
    ({ metadata }) => metadata?.name === name && (namespace === undefined || metadata.namespace === namespace),
  );
  return named.find(({ metadata }) => metadata?.namespace === 'default') ?? named[0];
}

const brief = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
