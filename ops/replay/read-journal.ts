import type { NatsConnection } from 'nats';
import { decodeSegment, type RecordedTurn, type Segment } from '../../actors/kernel/journal.ts';
import type { Incarnation } from '../../actors/kernel/recorder.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { MAX_PAYLOAD_BYTES } from '../boot/nats-config.ts';
import { readStream, type StreamMessage } from './read-stream.ts';

/** Everything recorded of one incarnation of one actor instance. */
export interface Recording {
  readonly incarnation: Incarnation;
  readonly turns: RecordedTurn[];
  readonly segments: number;
  readonly bytes: number;
  /** Turns that the recorder dropped. */
  readonly dropped: number;
}

/** A message of the journal that can't be read as a segment. */
export interface Damaged {
  readonly actor: string;
  readonly instance: string;
  readonly problem: string;
}

function decoded(
  { data, subject, sequence }: StreamMessage,
  prefix: string,
  onDamaged: (damaged: Damaged) => void,
): Segment | undefined {
  try {
    return decodeSegment(data);
  } catch (error) {
    const { actor, instance } = SUBJECTS.journal.parse(prefix, subject) ?? { actor: subject, instance: '' };
    const finding = error instanceof Error ? error.message : String(error);
    onDamaged({ actor, instance, problem: `message ${sequence} of the journal: ${finding}` });
    return undefined;
  }
}

/**
 * Reads the journal of a cluster, by incarnation, in the order in which they began.
 * @param actor only this actor's
 * @param onDamaged told of each message that is no segment, which is then passed over; without it the first one throws
 */
export async function readJournal(
  connection: NatsConnection,
  prefix: string,
  actor?: string,
  onDamaged?: (damaged: Damaged) => void,
): Promise<readonly Recording[]> {
  const found = new Map<string, { -readonly [K in keyof Recording]: Recording[K] }>();
  const pattern = SUBJECTS.journal.pattern(prefix, actor === undefined ? {} : { actor });
  for await (const message of readStream(connection, bucketNames(prefix).journal, MAX_PAYLOAD_BYTES, pattern)) {
    const segment = onDamaged === undefined ? decodeSegment(message.data) : decoded(message, prefix, onDamaged);
    if (segment === undefined) continue;
    const { incarnation, turns, gap } = segment;
    const { self } = incarnation;
    const id = `${self.actor}/${self.instance}/${incarnation.incarnation}/${self.epoch ?? ''}`;
    let recording = found.get(id);
    if (recording === undefined) {
      recording = { incarnation, turns: [], segments: 0, bytes: 0, dropped: 0 };
      found.set(id, recording);
    }
    recording.turns.push(...turns);
    recording.segments += 1;
    recording.bytes += message.data.length;
    recording.dropped += gap;
  }
  // A segment that was sent again after a lost acknowledgement, or overtook another, must not disturb the order.
  for (const recording of found.values()) recording.turns.sort((a, b) => a.n - b.n);
  return [...found.values()].sort((a, b) => a.incarnation.incarnation - b.incarnation.incarnation);
}
