import type { NatsConnection } from 'nats';
import { decodeSegment, type Segment } from '../../../actors/kernel/replay-api.ts';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { type Recording, RecordingGatherer } from './gather-recordings.ts';
import { type Lost, readStream, type StreamMessage } from './read-stream.ts';

export type { Recording } from './gather-recordings.ts';

/** A journal message that is not a readable segment, or the journal itself when messages are lost. */
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
    return segmentOf(data, SUBJECTS.journal.parse(prefix, subject));
  } catch (error) {
    const { actor, instance } = SUBJECTS.journal.parse(prefix, subject) ?? { actor: subject, instance: '' };
    const finding = error instanceof Error ? error.message : String(error);
    onDamaged({ actor, instance, problem: `message ${sequence} of the journal: ${finding}` });
    return undefined;
  }
}

/** A user may write only on subjects of its own actors, so a segment about another actor is forged. @throws Error */
function segmentOf(
  data: Uint8Array,
  place: { readonly actor: string; readonly instance: string } | undefined,
): Segment {
  const segment = decodeSegment(data);
  const { actor, instance } = segment.incarnation.self;
  if (actor !== place?.actor || instance !== place.instance)
    throw new Error(`it says that it is of ${actor}/${instance}, which is not the actor of its subject`);
  return segment;
}

function lostText({ messages, of }: Lost): string {
  return messages === of
    ? `the journal holds none of the ${of} messages that it had; if retention did not drop them, its files are lost: restore them from a backup`
    : `the journal has lost ${messages} of its ${of} messages, and their turns are missing here: its files are damaged; restore them from a backup`;
}

/**
 * Reads the journal of a cluster.
 * @param actor only recordings of this actor
 * @param onDamaged called for each message that is not a segment, which is skipped, and once when messages are lost. Without
 *   it, the first message that is not a segment throws.
 * @returns the recordings, sorted by start
 */
export async function readJournal(
  connection: NatsConnection,
  prefix: string,
  actor?: string,
  onDamaged?: (damaged: Damaged) => void,
): Promise<readonly Recording[]> {
  const gatherer = new RecordingGatherer();
  const { journal } = bucketNames(prefix);
  const onLost = (lost: Lost): void => onDamaged?.({ actor: 'journal', instance: journal, problem: lostText(lost) });
  const subject = SUBJECTS.journal.pattern(prefix, actor === undefined ? {} : { actor });
  for await (const message of readStream(connection, journal, { subject, onLost })) {
    const segment =
      onDamaged === undefined
        ? segmentOf(message.data, SUBJECTS.journal.parse(prefix, message.subject))
        : decoded(message, prefix, onDamaged);
    if (segment !== undefined) gatherer.add(segment, message.data.length);
  }
  return gatherer.recordings();
}
