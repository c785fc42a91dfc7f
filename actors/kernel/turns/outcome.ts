import type { TurnDone } from './actor-core.ts';
import { type Outgoing, outgoing } from './outgoing.ts';

/** Entries of things "said" that no declaration names: what went wrong in a turn. */
const REPORT = 'report';
const FAILURE = 'failure';

/** That a turn failed, among the things that it said. */
export const isTurnFailure = ({ kind, say }: { readonly kind: string; readonly say: string }): boolean =>
  kind === 'report' && say === FAILURE;

/**
 * What a turn said, followed by what went wrong in it: each key that was reported, by its subject, and the failure of the
 * turn. Recordings hold both; what went wrong is not sent.
 */
export function outcomeOf(done: TurnDone): readonly Outgoing[] {
  const { out, turn, reports } = done;
  if (reports.length === 0 && !('failed' in done)) return out;
  const wrong = [
    ...reports.map(({ key, error }) => ({ say: REPORT, subject: key, error })),
    ...('failed' in done ? [{ say: FAILURE, subject: '', error: done.failed }] : []),
  ];
  return [
    ...out,
    ...wrong.map(({ say, subject, error }, at) =>
      outgoing(`${turn.n}.${out.length + at}`, { kind: 'report', say, subject, body: textOf(error) }, undefined),
    ),
  ];
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
