import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { planAssets } from '../../actors/store/plan-assets.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';

/** Creates the journal stream of a cluster as a master does. */
export async function addJournalStream(connection: NatsConnection, prefix = 'troupe'): Promise<void> {
  const { journal } = bucketNames(prefix.replaceAll('.', '-')); // some tests have prefixes of several tokens
  const plan = planAssets({ prefix }).find(({ name }) => name === bucketNames(prefix).journal);
  const config = { ...plan?.config, name: journal } as StreamConfig;
  await (await jetstreamManager(connection)).streams.add(config);
}
