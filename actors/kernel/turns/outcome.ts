import type { TurnDone } from './actor-core.ts';
import { type Outgoing, outgoing } from './outgoing.ts';

/** Entries of things "said" that no declaration names: what went wrong in a turn. */
const REPORT = 'report';
const FAILURE = 'failure';

/** That a turn failed, among the things that it said. */
export const isTurnFailure = ({ kind, say }: { readonly kind: string; readonly say: string }): boolean =>
  kind === 'report' && say === FAILURE;

/**
 * What a turn said, and behind it what went wrong in it: each key that was reported, by its subject, and that the turn
 * failed. All this is recorded; what went wrong is told to nobody.
 * @param reports `false`: failures alone, as with recordings that know of no reports
 */
export function outcomeOf(done: TurnDone, { reports }: { readonly reports: boolean }): readonly Outgoing[] {
  const { out, turn } = done;
  const told = reports ? done.reports : [];
  if (told.length === 0 && !('failed' in done)) return out;
  const wrong = [
    ...told.map(({ key, error }) => ({ say: REPORT, subject: key, error })),
    ...('failed' in done ? [{ say: FAILURE, subject: '', error: done.failed }] : []),
  ];
  return [
    ...out,
    ...wrong.map(({ say, subject, error }, at) =>
      outgoing(`${turn.n}.${out.length + at}`, { kind: 'report', say, subject, body: textOf(error) }, undefined),
    ),
  ];
}

/**
 * The same as far as a recording tells of it. An actor ends with a turn that fails: of the last turn of one that knows of no
 * reports, nobody knows whether it did.
 * @param lastTurn number of the recording's last, where it is known
 */
export const outcomeToCompare = (
  done: TurnDone,
  { reports, lastTurn }: { readonly reports: boolean; readonly lastTurn: number | undefined },
): readonly Outgoing[] => (!reports && done.turn.n === lastTurn ? done.out : outcomeOf(done, { reports }));

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
