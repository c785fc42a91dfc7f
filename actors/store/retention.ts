import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { bucketNames } from '../../contracts/store/buckets.ts';
import type { Checkpoints } from './checkpoints.ts';
import { type CheckpointMoment, type Keep, planRetention } from './plan-retention.ts';
import type { RetryingRequests } from './retrying-requests.ts';
import { readMessage } from './stored-message.ts';

export interface RetentionOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly requests: RetryingRequests;
  readonly prefix: string;
  readonly checkpoints: Checkpoints;
  readonly deadlineMs: number;
  /** Milliseconds since the epoch; the clock's by default. */
  readonly now?: () => number;
}

/** The stored size of what can be replayed, and its limits, which are the journal stream's own settings. */
export async function keptNow({ manager, prefix }: Pick<RetentionOptions, 'manager' | 'prefix'>): Promise<{
  readonly journal: StreamInfo;
  readonly keep: Keep;
  readonly bytes: number;
}> {
  const names = bucketNames(prefix);
  const journal = await manager.streams.info(names.journal);
  const others = await Promise.all([names.history, names.checkpoints].map((name) => manager.streams.info(name)));
  const bytes = others.reduce((sum, { state }) => sum + state.bytes, journal.state.bytes);
  return { journal, keep: { maxAgeMs: journal.config.max_age / 1e6, maxBytes: journal.config.max_bytes }, bytes };
}

/** Drops what exceeds the limits of age or size, and nothing that a kept record refers to. */
export async function dropOld(options: RetentionOptions): Promise<void> {
  const { manager, prefix, checkpoints } = options;
  const { journal, keep, bytes } = await keptNow(options);
  const moments: CheckpointMoment[] = [];
  for (const { revision, whole } of await checkpoints.names()) {
    const end = whole ? await checkpoints.end(revision) : undefined;
    if (end !== undefined) moments.push({ revision, takenAt: end.storedAt });
  }
  const oldestAt = journal.state.messages > 0 ? Date.parse(journal.state.first_ts) : undefined;
  const plan = planRetention(moments, { now: (options.now ?? Date.now)(), oldestAt }, keep, bytes);
  if (plan.journalFrom !== undefined) await dropJournalBefore(options, journal, plan.journalFrom);
  if (plan.historyFrom !== undefined) await dropHistoryBefore(manager, checkpoints, prefix, plan.historyFrom);
}

/** Drops the records that were stored before `moment`. */
async function dropJournalBefore(
  { connection, manager, requests, deadlineMs }: RetentionOptions,
  { config: { name }, state }: StreamInfo,
  moment: number,
): Promise<void> {
  let low = state.first_seq;
  let high = state.last_seq + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await requests.call(`read ${name}`, deadlineMs, (timeoutMs) =>
      readMessage(connection, name, { seq: middle }, timeoutMs),
    );
    if (message === undefined || message.storedAt < moment) low = middle + 1;
    else high = middle;
  }
  await manager.streams.purge(name, { seq: low });
}

/** Drops the history and the checkpoints before the checkpoint at `revision`, which is kept. */
export async function dropHistoryBefore(
  manager: JetStreamManager,
  checkpoints: Checkpoints,
  prefix: string,
  revision: number,
): Promise<void> {
  await manager.streams.purge(bucketNames(prefix).history, { seq: revision + 1 });
  await checkpoints.dropBefore(revision);
}
