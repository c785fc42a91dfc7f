import type { TurnDone } from './actor-core.ts';
import { type Outgoing, outgoing } from './outgoing.ts';

/** Names of recorded outputs that no declaration contains: errors of a turn. */
const REPORT = 'report';
const FAILURE = 'failure';

/** Is this recorded output the failure of the turn? */
export const isTurnFailure = ({ kind, say }: { readonly kind: string; readonly say: string }): boolean =>
  kind === 'report' && say === FAILURE;

/**
 * The recorded outputs of a turn: the messages that it sent, then its errors. An error is a reported key (as the subject) or
 * the failure of the turn. Errors are recorded only, never sent.
 * @param reports `false`: without reported keys, for recordings made before these were recorded
 */
export function outcomeOf(done: TurnDone, { reports }: { readonly reports: boolean }): readonly Outgoing[] {
  const { out, turn } = done;
  const reported = reports ? done.reports : [];
  if (reported.length === 0 && !('failed' in done)) return out;
  const errors = [
    ...reported.map(({ key, error }) => ({ say: REPORT, subject: key, error })),
    ...('failed' in done ? [{ say: FAILURE, subject: '', error: done.failed }] : []),
  ];
  return [
    ...out,
    ...errors.map(({ say, subject, error }, at) =>
      outgoing(`${turn.n}.${out.length + at}`, { kind: 'report', say, subject, body: textOf(error) }, undefined),
    ),
  ];
}

/**
 * The same, reduced to what a recording can be compared with. A failing turn is an actor's last; a recording without reports
 * does not say whether its last turn failed.
 * @param lastTurn number of the recording's last turn, if known
 */
export const outcomeToCompare = (
  done: TurnDone,
  { reports, lastTurn }: { readonly reports: boolean; readonly lastTurn: number | undefined },
): readonly Outgoing[] => (!reports && done.turn.n === lastTurn ? done.out : outcomeOf(done, { reports }));

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
