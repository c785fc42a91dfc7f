import { SLICE_MS } from '../../../actors/kernel/replay-api.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { Hidden, heardBody, saidBody } from './bodies.ts';
import { compileExpression, type Scope } from './expression.ts';
import { type Breakpoint, breakpointText, holdsIn } from './plan-breakpoint.ts';
import { changesOf, type Watched } from './plan-watch.ts';
import type { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';

/** The variables of an expression. */
export const SCOPE = ['turn', 'now', 'rec', 'body', 'said', 'cells'] as const;

/** Why a run stopped. */
export type Stop =
  | { readonly why: 'breakpoint'; readonly id: number; readonly text: string }
  | { readonly why: 'watch'; readonly id: number; readonly text: string; readonly watched: readonly Watched[] }
  | { readonly why: 'divergence' }
  | { readonly why: 'interrupted' };

interface SetBreakpoint {
  readonly id: number;
  readonly text: string;
  readonly breakpoint: Breakpoint;
  readonly when: ReturnType<typeof compileExpression> | undefined;
}

/** The scope before the first turn, so that an expression with an unknown variable is rejected at once. */
const NOTHING_HEARD: Scope = { turn: () => 0, now: () => 0, rec: () => ({}), said: () => [], cells: () => ({}) };

/** Breakpoints and watches of a session: where a run stops. */
export class Stops {
  #breakpoints: readonly SetBreakpoint[] = [];
  #watches: readonly { readonly id: number; readonly path: string }[] = [];
  #last = 0;
  readonly #session: ReplaySession;

  constructor(session: ReplaySession) {
    this.#session = session;
  }

  /** @returns its number. @throws SyntaxError when the expression is invalid, Error when it uses an unknown variable */
  addBreakpoint(breakpoint: Breakpoint): number {
    const when = breakpoint.when === undefined ? undefined : compileExpression(breakpoint.when, SCOPE);
    const { frame } = this.#session;
    when?.(frame === undefined ? NOTHING_HEARD : scopeOf(this.#session, frame));
    this.#last += 1;
    this.#breakpoints = [...this.#breakpoints, { id: this.#last, text: breakpointText(breakpoint), breakpoint, when }];
    return this.#last;
  }

  addWatch(path: string): number {
    this.#last += 1;
    this.#watches = [...this.#watches, { id: this.#last, path }];
    return this.#last;
  }

  /** @returns whether there was one with that number */
  remove(id: number): boolean {
    const before = this.#breakpoints.length + this.#watches.length;
    this.#breakpoints = this.#breakpoints.filter((one) => one.id !== id);
    this.#watches = this.#watches.filter((one) => one.id !== id);
    return this.#breakpoints.length + this.#watches.length < before;
  }

  list(): readonly { readonly id: number; readonly text: string }[] {
    return [
      ...this.#breakpoints.map(({ id, text }) => ({ id, text: `break ${text}` })),
      ...this.#watches.map(({ id, path }) => ({ id, text: `watch ${path}` })),
    ].sort((a, b) => a.id - b.id);
  }

  /** The reason to stop at this turn, if there is one. @param frame the session's current turn */
  at(frame: Frame): Stop | undefined {
    const seen = { turn: frame.turn, subjects: frame.says.map(({ said }) => said.subject) };
    for (const { id, text, breakpoint, when } of this.#breakpoints) {
      if (!holdsIn(breakpoint, seen)) continue;
      if (when === undefined || this.#holds(id, when, frame)) return { why: 'breakpoint', id, text };
    }
    for (const { id, path } of this.#watches) {
      const watched = changesOf(path, frame.cells);
      if (watched.length > 0) return { why: 'watch', id, text: path, watched };
    }
    return frame.divergence === undefined ? undefined : { why: 'divergence' };
  }

  #holds(id: number, when: ReturnType<typeof compileExpression>, frame: Frame): boolean {
    try {
      return Boolean(when(scopeOf(this.#session, frame)));
    } catch (error) {
      throw statusError('BadRequest', `breakpoint ${id}: ${(error as Error).message}; "delete ${id}" removes it`);
    }
  }

  /** Goes forward to the next reason to stop; undefined = the end. `interrupted` is called between slices. */
  async run(interrupted: () => boolean): Promise<Stop | undefined> {
    for (;;) {
      const until = performance.now() + SLICE_MS;
      const stop = this.#session.run((frame) => this.at(frame) ?? (performance.now() < until ? undefined : 'slice'));
      if (stop !== 'slice') return stop;
      if ((await this.#session.settle()) !== undefined) return { why: 'divergence' };
      if (interrupted()) return { why: 'interrupted' };
    }
  }
}

/** The scope of an expression at a turn; bodies that cannot be shown are undefined. */
export function scopeOf(
  session: ReplaySession,
  { turn, says, unplayed }: Frame,
): Record<(typeof SCOPE)[number], () => unknown> {
  const seen = (body: unknown): unknown => (body instanceof Hidden ? undefined : body);
  return {
    turn: () => turn.n,
    now: () => turn.now,
    rec: () => {
      const { rec } = turn;
      if (rec.t === 'call') return { t: 'call', id: rec.id, subject: rec.subject, headers: rec.headers };
      if (rec.t === 'answer') return { t: 'answer', ask: rec.ask };
      return rec;
    },
    body: () => seen(heardBody(turn, session.playable.sealer)),
    said: () =>
      says.map(({ said }, at) => ({
        kind: said.kind,
        say: said.say,
        subject: said.subject,
        body: said.body,
        was: turn.said[at] === undefined ? undefined : seen(saidBody(turn.said[at])),
      })),
    cells: () => (unplayed === undefined ? session.cells() : {}), // a turn that was not played has no cells
  };
}
