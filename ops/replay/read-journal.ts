import type { NatsConnection } from 'nats';
import { decodeSegment, type Segment } from '../../actors/kernel/journal/journal.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { MAX_PAYLOAD_BYTES } from '../boot/nats-config.ts';
import { type Recording, RecordingGatherer } from './gather-recordings.ts';
import { readStream, type StreamMessage } from './read-stream.ts';

export type { Recording } from './gather-recordings.ts';

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
  const gatherer = new RecordingGatherer();
  const pattern = SUBJECTS.journal.pattern(prefix, actor === undefined ? {} : { actor });
  for await (const message of readStream(connection, bucketNames(prefix).journal, MAX_PAYLOAD_BYTES, pattern)) {
    const segment = onDamaged === undefined ? decodeSegment(message.data) : decoded(message, prefix, onDamaged);
    if (segment !== undefined) gatherer.add(segment, message.data.length);
  }
  return gatherer.recordings();
}
