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
  lacksRoom,
  lacksServers,
  passes,
  planAssets,
  planSizes,
  refuseNewerData,
  type StreamPlan,
  sameConfig,
} from './plan-assets.ts';

export type { AssetOptions } from './plan-assets.ts';

const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;
/** Of a NATS cluster: a loss of one server is survived. */
const REPLICAS_IN_CLUSTER = 3;
const AGAIN_MS = 500;
/** Servers of a cluster that are started together come one after the other: so long is waited for the third. */
const GATHER_MS = 10_000;

/** What was done to every stream; those in neither list were right already. */
export interface EnsuredAssets {
  readonly created: readonly string[];
  readonly updated: readonly string[];
}

export interface EnsureOptions extends AssetOptions {
  readonly connection: NatsConnection;
  /** Is told what is waited for, and what a person should know; without it nothing is waited for. */
  readonly tell?: (line: string) => void;
}

/**
 * Makes every stream that a cluster needs, and brings those that exist to today's settings. May be called by any number of
 * processes at once, any number of times.
 * @throws StatusError ServiceUnavailable: the server refused, or its data is newer than this code
 */
export async function ensureAssets(options: EnsureOptions): Promise<EnsuredAssets> {
  const manager = await jetstreamManager(options.connection, { checkAPI: false });
  const ensuring = new Ensuring(manager, options);
  const done = { created: [] as string[], updated: [] as string[] };
  for (const plan of planAssets(options)) {
    const outcome = await ensuring.atLast(plan);
    if (outcome !== 'kept') done[outcome].push(plan.name);
  }
  ensuring.tellOfSingle();
  return done;
}

type Outcome = 'created' | 'updated' | 'kept';

class Ensuring {
  readonly #manager: JetStreamManager;
  readonly #options: EnsureOptions;
  readonly #single: string[] = [];
  #gatherUntil: number | undefined;

  constructor(manager: JetStreamManager, options: EnsureOptions) {
    this.#manager = manager;
    this.#options = options;
  }

  async atLast(plan: StreamPlan): Promise<Outcome> {
    const { tell } = this.#options;
    try {
      if (tell === undefined) return await this.#ensure(plan);
      return await atLast(
        { act: `make stream ${plan.name}`, tell, also: (fault) => this.#mayGather(fault) },
        async () => await this.#ensure(plan),
      );
    } catch (error) {
      throw error instanceof StatusError ? error : cannotMake(plan, error);
    }
  }

  /** What is lost with one server is told at every start. */
  tellOfSingle(): void {
    const { connection, replicas, tell } = this.#options;
    const cluster = connection.info?.cluster;
    if (cluster === undefined || replicas !== undefined || this.#single.length === 0) return;
    tell?.(
      `warning: of the NATS cluster "${cluster}" a single server keeps ${this.#single.join(', ')}; once it has three, ask for three copies with "troupe master --replicas 3"`,
    );
  }

  async #ensure(plan: StreamPlan): Promise<Outcome> {
    const found = await find(this.#manager, plan.name);
    if (found === undefined) {
      try {
        this.#note(await this.#create(plan));
        return 'created';
      } catch (error) {
        // Another process made it in between, perhaps with other settings.
        if (!isApiError(error, STREAM_NAME_IN_USE)) throw error;
        return this.#ensure(plan);
      }
    }
    const newer = refuseNewerData(found.config.metadata);
    if (newer !== undefined) throw statusError('ServiceUnavailable', `open stream ${plan.name}: ${newer}`);
    if (sameConfig(plan.config, found.config)) return this.#kept(found);
    const updated = await setUp(plan, (config) =>
      this.#manager.streams.update(plan.name, { ...found.config, ...config }),
    );
    const [before, now] = [found.config.num_replicas, updated.config.num_replicas];
    if (before !== now) this.#options.tell?.(`stream ${plan.name}: replicas ${now}, as asked for; it had ${before}`);
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
      if (!lacksServers(fault) || this.#mayGather(fault)) throw error;
      return await add(1);
    }
  }

  /** May there soon be as many servers as nobody asked for, but a cluster should have? */
  #mayGather(fault: AssetFault): boolean {
    const { replicas, tell } = this.#options;
    if (tell === undefined || replicas !== undefined || !lacksServers(fault)) return false;
    this.#gatherUntil ??= performance.now() + GATHER_MS;
    return performance.now() < this.#gatherUntil;
  }

  #kept(found: StreamInfo): 'kept' {
    this.#note(found);
    return 'kept';
  }

  #note({ config }: StreamInfo): void {
    if (config.num_replicas === 1) this.#single.push(config.name);
  }
}

/** A stream's largest size is set aside on the disk at once: on a small one the stream gets less. */
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
    `make stream ${plan.name}: the disk has too little room for it; make room where nats-server keeps its store`,
  );
}

/**
 * Tries again while JetStream lacks what comes back by itself: a leader, servers that are away, the connection.
 * @param about.also what else is worth another attempt
 * @returns what the first attempt gave that succeeded
 * @throws what another attempt would not mend
 */
export async function atLast<T>(
  about: {
    /** What is tried, in words. */
    readonly act: string;
    /** Is told of each new reason why it has to wait. */
    readonly tell: (line: string) => void;
    readonly also?: (fault: AssetFault) => boolean;
  },
  attempt: () => Promise<T>,
): Promise<T> {
  for (let told = ''; ; ) {
    try {
      return await attempt();
    } catch (error) {
      const fault = faultOf(error);
      if (!passes(fault) && about.also?.(fault) !== true) throw error;
      if (told !== fault.message) about.tell(`warning: ${about.act}: ${fault.message}; trying on`);
      told = fault.message;
      await pause(AGAIN_MS);
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
  return new StatusError(failure('ServiceUnavailable', `make stream ${name}: ${fault.message}; ${remedy}`), { cause });
}
