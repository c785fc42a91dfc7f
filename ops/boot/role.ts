import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, connect, type NatsConnection, nkeyAuthenticator, nkeys } from 'nats';
import { statusError } from '../../contracts/errors/status.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { DEFAULT_PREFIX } from '../../contracts/subjects/subjects.ts';
import { serversOf } from '../client/connect.ts';
import { connectRefusal } from '../client/refusal.ts';
import { nodeNameOf } from './cluster.ts';
import { PING_EVERY_MS } from './nats-config.ts';

/** Between two attempts to connect. */
const RETRY_MS = 200;
/** For one attempt: one whose connection is lost half-way is not noticed before. */
const CONNECT_WITHIN_MS = 5_000;

/** What a master or worker process is told: where the broker is and as whom it speaks. */
export interface RoleOptions {
  readonly url: string;
  readonly prefix: string;
  /** NATS user. */
  readonly user: string;
  /** The user's nkey seed; without it the connection is not authenticated. */
  readonly seed?: string;
  /** Unique name of this process among those that share the prefix. */
  readonly instance: string;
  readonly record: boolean;
  /** An actor broke its contract and stays down: only a new process brings it back. */
  readonly onBroken?: () => void;
  readonly log: (line: string) => void;
}

/** Reads the environment that `troupe up`, or a person who joins a machine to a cluster, sets. */
export function roleFromEnv(
  role: 'master' | 'worker',
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): RoleOptions {
  const url = env['TROUPE_URL'];
  if (url === undefined || url === '') {
    throw statusError('BadRequest', `TROUPE_URL is not set; give the NATS server's address, or run "troupe up"`);
  }
  const seedFile = env['TROUPE_NKEY'];
  const seed = seedFile === undefined || seedFile === '' ? undefined : readSeed(seedFile);
  return {
    url,
    prefix: env['TROUPE_PREFIX'] || DEFAULT_PREFIX,
    user: env['TROUPE_USER'] || role,
    ...(seed === undefined ? {} : { seed }),
    instance: env['TROUPE_INSTANCE'] || `${nodeNameOf(hostname())}-${randomBytes(3).toString('hex')}`,
    record: env['TROUPE_RECORD'] !== 'off',
    log,
  };
}

/** What is no seed is refused here: asking a server again and again would not mend it. */
function readSeed(file: string): string {
  let seed: string;
  try {
    seed = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw statusError('NotFound', `TROUPE_NKEY is ${file}, which cannot be read: ${(error as Error).message}`);
  }
  try {
    nkeys.fromSeed(new TextEncoder().encode(seed));
    return seed;
  } catch (error) {
    throw statusError('Unauthorized', `TROUPE_NKEY is ${file}, which holds no nkey seed: ${(error as Error).message}`);
  }
}

/** Asks until a server lets it in; every new reason why none does is logged. */
async function connectAtLast(options: ConnectionOptions, { url, log }: RoleOptions): Promise<NatsConnection> {
  for (let told = ''; ; ) {
    try {
      return await connect(options);
    } catch (error) {
      const { message } = connectRefusal(error, url);
      if (message !== told) log(`warning: ${message}; trying on`);
      told = message;
      await pause(RETRY_MS);
    }
  }
}

/** A connection that never gives up. */
export async function connectRole(role: string, options: RoleOptions): Promise<NatsConnection> {
  const wanted: ConnectionOptions = {
    servers: serversOf(options.url),
    name: `troupe ${role} ${options.instance}`,
    inboxPrefix: inboxPrefix(options.user),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RETRY_MS,
    timeout: CONNECT_WITHIN_MS,
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(options.seed === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(options.seed)) }),
  };
  const connection = await connectAtLast(wanted, options);
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'reconnect') options.log(`${status.type}ed: ${options.url}`);
      if (status.type === 'error') options.log(`error: nats: ${String(status.error.message)}`);
    }
  })();
  return connection;
}
