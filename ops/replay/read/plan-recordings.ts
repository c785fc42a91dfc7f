import { rfc3339Micro } from '../../../contracts/time/rfc3339.ts';
import type { Recording } from './gather-recordings.ts';
import type { Gap } from './plan-gaps.ts';

/** One recording, as a list shows it. Moments are in RFC 3339, sizes in bytes. */
export interface RecordingSummary {
  readonly actor: string;
  readonly instance: string;
  /** When it began. */
  readonly incarnation: string;
  /** Of an acting singleton. */
  readonly epoch?: number;
  /** A driver decides nothing: it is looked at, not replayed. */
  readonly driver: boolean;
  readonly firstTurn: number;
  readonly lastTurn: number;
  /** The moments of those turns. */
  readonly from: string;
  readonly to: string;
  /** How many are recorded. */
  readonly turns: number;
  readonly bytes: number;
  /** Numbers of the turns that tell all that there is to know: a replay may begin at each. */
  readonly starts: readonly number[];
  readonly gaps: readonly Gap[];
  /** Turns whose input carries secret data: without the cluster's key they cannot be played. */
  readonly sealed: number;
  /** Oldest format of its segments. */
  readonly format: number;
}

/** One line of the list. Pure. */
export function summaryOf({ incarnation, turns, bytes, gaps, format }: Recording): RecordingSummary {
  const { self, driver } = incarnation;
  const first = turns[0];
  const last = turns.at(-1);
  return {
    actor: self.actor,
    instance: self.instance,
    incarnation: rfc3339Micro(incarnation.incarnation),
    ...(self.epoch === undefined ? {} : { epoch: self.epoch }),
    driver,
    firstTurn: first?.n ?? 0,
    lastTurn: last?.n ?? 0,
    from: rfc3339Micro(first?.now ?? incarnation.incarnation),
    to: rfc3339Micro(last?.now ?? incarnation.incarnation),
    turns: turns.length,
    bytes,
    starts: turns.filter(({ rec }) => rec.t === 'start').map(({ n }) => n),
    gaps,
    sealed: turns.filter(({ sealed }) => sealed === true).length,
    format,
  };
}
