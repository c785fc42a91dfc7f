import { rfc3339Micro } from '../../../contracts/time/rfc3339.ts';
import { counted } from '../compare/counted.ts';
import type { Recording } from './gather-recordings.ts';
import type { Gap } from './plan-gaps.ts';
import { nameOf } from './playable.ts';

/** One recording, as a list shows it. Times are in RFC 3339, sizes in bytes. */
export interface RecordingSummary {
  readonly actor: string;
  readonly instance: string;
  /** When the actor started. */
  readonly incarnation: string;
  /** Of a singleton that was elected. */
  readonly epoch?: number;
  /** A driver is recorded but cannot be replayed. */
  readonly driver: boolean;
  readonly firstTurn: number;
  readonly lastTurn: number;
  /** The times of those turns. */
  readonly from: string;
  readonly to: string;
  /** Number of recorded turns. */
  readonly turns: number;
  readonly bytes: number;
  /** How often this instance started in all that is recorded: one recording a start. */
  readonly starts: number;
  /** Numbers of the turns with the complete state (the start and the checkpoints): a replay may begin at each. */
  readonly playableFrom: readonly number[];
  readonly gaps: readonly Gap[];
  /** Turns whose input carries secret data: without the cluster's key they cannot be played. */
  readonly sealed: number;
}

type Started = Pick<Recording, 'incarnation'>;

/**
 * The lines of a list. Pure.
 * @param recordings those listed, with every recording of each instance among them
 */
export function summariesOf(recordings: readonly Recording[]): readonly RecordingSummary[] {
  const starts = new Map<string, number>();
  for (const name of recordings.map(nameOf)) starts.set(name, (starts.get(name) ?? 0) + 1);
  return recordings.map((recording) => summaryOf(recording, starts.get(nameOf(recording)) ?? 1));
}

function summaryOf({ incarnation, turns, bytes, gaps }: Recording, starts: number): RecordingSummary {
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
    starts,
    playableFrom: turns.filter(({ rec }) => rec.t === 'start').map(({ n }) => n),
    gaps,
    sealed: turns.filter(({ sealed }) => sealed === true).length,
  };
}

/** `9 recordings`, `9 recordings and 2 of drivers`: those that can be played, and those of drivers, which cannot. */
export function recordingsText(recordings: readonly Started[]): string {
  const drivers = recordings.filter(({ incarnation }) => incarnation.driver).length;
  const played = recordings.length - drivers;
  const ofDrivers = `of ${drivers === 1 ? 'a driver' : 'drivers'}`;
  if (drivers === 0) return counted(played, 'recording');
  if (played === 0) return `${counted(drivers, 'recording')} ${ofDrivers}`;
  return `${counted(played, 'recording')} and ${drivers} ${ofDrivers}`;
}
