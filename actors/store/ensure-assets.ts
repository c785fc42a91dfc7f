import { setTimeout as pause } from 'node:timers/promises';
import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { failure, StatusError, statusError } from '../../contracts/errors/status.ts';
import {
  type AssetFault,
  type AssetOptions,
  isTemporary,
  lacksRoom,
  lacksServers,
  planAssets,
  planSizes,
  refuseNewerData,
  type StreamPlan,
  sameConfig,
} from './plan-assets.ts';

export type { AssetOptions } from './plan-assets.ts';

const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;
/** Copies of each stream in a NATS cluster: it survives the loss of one server. */
const REPLICAS_IN_CLUSTER = 3;
const RETRY_MS = 500;
/** How long to wait for the third server of a NATS cluster: servers that are started together join one after the other. */
const SERVERS_WAIT_MS = 10_000;

/** Names of the streams that were created or updated; the others were up to date. */
export interface EnsuredAssets {
  readonly created: readonly string[];
  readonly updated: readonly string[];
}

export interface EnsureOptions extends AssetOptions {
  readonly connection: NatsConnection;
  /** Prints what is being waited for, and warnings. Without it nothing is waited for. */
  readonly log?: (line: string) => void;
}

/**
 * Creates every stream that a cluster needs, and updates the settings of those that exist. Idempotent, and safe to call
 * from several processes at the same time.
 * @throws StatusError ServiceUnavailable: the server rejected a stream, or its data is newer than this code
 */
export async function ensureAssets(options: EnsureOptions): Promise<EnsuredAssets> {
  const manager = await jetstreamManager(options.connection, { checkAPI: false });
  const ensuring = new Ensuring(manager, options);
  const done = { created: [] as string[], updated: [] as string[] };
  for (const plan of planAssets(options)) {
    const outcome = await ensuring.ensure(plan);
    if (outcome !== 'kept') done[outcome].push(plan.name);
  }
  ensuring.warnOfSingleCopies();
  return done;
}

type Outcome = 'created' | 'updated' | 'kept';

class Ensuring {
  readonly #manager: JetStreamManager;
  readonly #options: EnsureOptions;
  readonly #single: string[] = [];
  #waitUntil: number | undefined;

  constructor(manager: JetStreamManager, options: EnsureOptions) {
    this.#manager = manager;
    this.#options = options;
  }

  async ensure(plan: StreamPlan): Promise<Outcome> {
    const { log } = this.#options;
    try {
      if (log === undefined) return await this.#ensureOnce(plan);
      return await retryWhileTemporary(
        { act: `create stream ${plan.name}`, log, also: (fault) => this.#waitsForServers(fault) },
        async () => await this.#ensureOnce(plan),
      );
    } catch (error) {
      throw error instanceof StatusError ? error : cannotMake(plan, error);
    }
  }

  /** Names, at every start, the streams that would be lost with one server. */
  warnOfSingleCopies(): void {
    const { connection, replicas, log } = this.#options;
    const cluster = connection.info?.cluster;
    if (cluster === undefined || replicas !== undefined || this.#single.length === 0) return;
    log?.(
      `warning: only one server of the NATS cluster "${cluster}" keeps ${this.#single.join(', ')}; once the cluster has three servers, start "troupe master --replicas 3" for three copies`,
    );
  }

  async #ensureOnce(plan: StreamPlan): Promise<Outcome> {
    const found = await find(this.#manager, plan.name);
    if (found === undefined) {
      try {
        this.#note(await this.#create(plan));
        return 'created';
      } catch (error) {
        // Another process has just created it, perhaps with other settings.
        if (!isApiError(error, STREAM_NAME_IN_USE)) throw error;
        return this.#ensureOnce(plan);
      }
    }
    const newer = refuseNewerData(found.config.metadata);
    if (newer !== undefined) throw statusError('ServiceUnavailable', `open stream ${plan.name}: ${newer}`);
    if (sameConfig(plan.config, found.config)) return this.#kept(found);
    const updated = await setUp(plan, (config) =>
      this.#manager.streams.update(plan.name, { ...found.config, ...config }),
    );
    const [before, now] = [found.config.num_replicas, updated.config.num_replicas];
    if (before !== now)
      this.#options.log?.(`stream ${plan.name}: replicas changed from ${before} to ${now}, as requested`);
    if (sameConfig(found.config, updated.config)) return this.#kept(found);
    this.#note(updated);
    return 'updated';
  }

  async #create(plan: StreamPlan): Promise<StreamInfo> {
    const add = (num_replicas: number): Promise<StreamInfo> =>
      setUp({ ...plan, config: { num_replicas, ...plan.config } }, (config) => this.#manager.streams.add(config));
    if (this.#options.replicas !== undefined || this.#options.connection.info?.cluster === undefined) return add(1);
    try {
      return await add(REPLICAS_IN_CLUSTER);
    } catch (error) {
      const fault = faultOf(error);
      if (!lacksServers(fault) || this.#waitsForServers(fault)) throw error;
      return await add(1);
    }
  }

  /** Is it worth waiting for the default number of servers? Not when the user has set the number of replicas. */
  #waitsForServers(fault: AssetFault): boolean {
    const { replicas, log } = this.#options;
    if (log === undefined || replicas !== undefined || !lacksServers(fault)) return false;
    this.#waitUntil ??= performance.now() + SERVERS_WAIT_MS;
    return performance.now() < this.#waitUntil;
  }

  #kept(found: StreamInfo): 'kept' {
    this.#note(found);
    return 'kept';
  }

  #note({ config }: StreamInfo): void {
    if (config.num_replicas === 1) this.#single.push(config.name);
  }
}

/** The server reserves a stream's maximum size on the disk: on a small disk the stream gets a smaller one. */
async function setUp(plan: StreamPlan, make: (config: StreamConfig) => Promise<StreamInfo>): Promise<StreamInfo> {
  for (const config of planSizes(plan.config)) {
    try {
      return await make({ ...config, name: plan.name } as unknown as StreamConfig);
    } catch (error) {
      if (!lacksRoom(faultOf(error))) throw error;
    }
  }
  throw statusError(
    'ServiceUnavailable',
    `create stream ${plan.name}: the disk has too little free space; free some where nats-server keeps its store`,
  );
}

/**
 * Retries while the fault is temporary: no leader, servers that are away, a lost connection.
 * @param about.also other faults that are worth another attempt
 * @returns the result of the first attempt that succeeded
 * @throws the error of an attempt that is not worth repeating
 */
export async function retryWhileTemporary<T>(
  about: {
    /** What is attempted, for the messages. */
    readonly act: string;
    /** Prints each new reason for waiting. */
    readonly log: (line: string) => void;
    readonly also?: (fault: AssetFault) => boolean;
  },
  attempt: () => Promise<T>,
): Promise<T> {
  for (let printed = ''; ; ) {
    try {
      return await attempt();
    } catch (error) {
      const fault = faultOf(error);
      if (!isTemporary(fault) && about.also?.(fault) !== true) throw error;
      if (printed !== fault.message) about.log(`warning: ${about.act}: ${fault.message}; retrying`);
      printed = fault.message;
      await pause(RETRY_MS);
    }
  }
}

const isApiError = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code;

function faultOf(error: unknown): AssetFault {
  if (!(error instanceof Error)) return { name: '', message: String(error) };
  if (error.name === 'RequestError' && error.cause !== undefined) return faultOf(error.cause);
  const { name, message } = error;
  return { name, message, code: error instanceof JetStreamApiError ? error.code : undefined };
}

async function find(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (isApiError(error, STREAM_NOT_FOUND)) return undefined;
    throw error;
  }
}

function cannotMake({ name, config }: StreamPlan, cause: unknown): StatusError {
  const fault = faultOf(cause);
  const { num_replicas: copies } = config;
  const remedy =
    lacksServers(fault) && typeof copies === 'number'
      ? `${copies} replicas need a NATS cluster of at least ${copies} servers with JetStream`
      : 'check that the server has JetStream and that this user may administer it';
  return new StatusError(failure('ServiceUnavailable', `create stream ${name}: ${fault.message}; ${remedy}`), {
    cause,
  });
}
