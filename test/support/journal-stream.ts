import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { JournalWriter } from '../../actors/kernel/nats/nats-journal-writer.ts';
import { planAssets } from '../../actors/store/plan-assets.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';

/** Writes bytes as a segment of an actor's journal, and waits until the stream has stored them. */
export const writeJournal = (
  connection: NatsConnection,
  prefix: string,
  place: { readonly actor: string; readonly instance: string },
  bytes: Uint8Array,
): Promise<void> => new JournalWriter(connection, prefix).write(place, bytes, 10_000);

/** Creates the journal stream of a cluster as a master does. */
export async function addJournalStream(connection: NatsConnection, prefix = 'troupe'): Promise<void> {
  const { journal } = bucketNames(prefix.replaceAll('.', '-')); // some tests have prefixes of several tokens
  const plan = planAssets({ prefix }).find(({ name }) => name === bucketNames(prefix).journal);
  const config = { ...plan?.config, name: journal } as StreamConfig;
  await (await jetstreamManager(connection)).streams.add(config);
}
