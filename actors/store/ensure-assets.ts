import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { StatusError, statusError } from '../../contracts/errors/status.ts';
import {
  type AssetOptions,
  planAssets,
  planSizes,
  refuseNewerData,
  type StreamPlan,
  sameConfig,
} from './plan-assets.ts';

export type { AssetOptions } from './plan-assets.ts';

const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;
const INSUFFICIENT_STORAGE = 10047;

/** What was done to every stream; those in neither list were right already. */
export interface EnsuredAssets {
  readonly created: readonly string[];
  readonly updated: readonly string[];
}

/**
 * Makes every stream that a cluster needs, and brings those that exist to today's settings. May be called by any number of
 * processes at once, any number of times.
 * @throws StatusError ServiceUnavailable: the server refused, or its data is newer than this code
 */
export async function ensureAssets(
  options: AssetOptions & { readonly connection: NatsConnection },
): Promise<EnsuredAssets> {
  const manager = await jetstreamManager(options.connection, { checkAPI: false });
  const done = { created: [] as string[], updated: [] as string[] };
  for (const plan of planAssets(options)) {
    try {
      const outcome = await ensure(manager, plan);
      if (outcome !== 'kept') done[outcome].push(plan.name);
    } catch (error) {
      throw error instanceof StatusError ? error : cannotMake(plan.name, error);
    }
  }
  return done;
}

async function ensure(manager: JetStreamManager, plan: StreamPlan): Promise<'created' | 'updated' | 'kept'> {
  const found = await find(manager, plan.name);
  if (found === undefined) {
    try {
      await setUp(plan, (config) => manager.streams.add(config));
      return 'created';
    } catch (error) {
      // Another process made it in between, perhaps with other settings.
      if (!isApiError(error, STREAM_NAME_IN_USE)) throw error;
      return ensure(manager, plan);
    }
  }
  const newer = refuseNewerData(found.config.metadata);
  if (newer !== undefined) throw statusError('ServiceUnavailable', `open stream ${plan.name}: ${newer}`);
  if (sameConfig(plan.config, found.config)) return 'kept';
  const updated = await setUp(plan, (config) => manager.streams.update(plan.name, { ...found.config, ...config }));
  return sameConfig(found.config, updated.config) ? 'kept' : 'updated';
}

/** A stream's largest size is set aside on the disk at once: on a small one the stream gets less. */
async function setUp(plan: StreamPlan, make: (config: StreamConfig) => Promise<StreamInfo>): Promise<StreamInfo> {
  for (const config of planSizes(plan.config)) {
    try {
      return await make({ ...config, name: plan.name } as unknown as StreamConfig);
    } catch (error) {
      if (!isApiError(error, INSUFFICIENT_STORAGE)) throw error;
    }
  }
  throw new Error('the disk has too little room for it');
}

const isApiError = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code;

async function find(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (isApiError(error, STREAM_NOT_FOUND)) return undefined;
    throw error;
  }
}

function cannotMake(stream: string, cause: unknown): StatusError {
  const finding = cause instanceof Error ? cause.message : String(cause);
  const refusal = statusError(
    'ServiceUnavailable',
    `make stream ${stream}: ${finding}; check that the server has JetStream and that this user may administer it`,
  );
  refusal.cause = cause;
  return refusal;
}
