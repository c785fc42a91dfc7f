import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, connect, errors, type NatsConnection, nkeyAuthenticator, nkeys } from 'nats';
import { reconnectPace } from '../../../actors/kernel/nats/nats-reconnect-pace.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { serversOf } from '../../client/connect.ts';
import { connectRefusal } from '../../client/refusal.ts';
import { nodeNameOf } from '../home/cluster.ts';
import { PING_EVERY_MS } from '../nats/nats-config.ts';
import { judgeServer } from '../nats/plan-server.ts';
import { FORBIDDEN_AGAIN_MS, Forbidden } from './forbidden.ts';
import { checkMandate, type Mandate } from './mandate.ts';

/** Between two attempts to connect. */
const RETRY_MS = 200;
/** For one attempt: one whose connection is lost half-way is not noticed before. */
const CONNECT_WITHIN_MS = 5_000;

/** For the last words: they are heard within milliseconds, or not at all. */
const LEAVE_WITHIN_MS = 2_000;

/** What a master or worker process is told: where the broker is and as whom it speaks. */
export interface RoleOptions {
  readonly url: string;
  readonly prefix: string;
  /** NATS user. */
  readonly user: string;
  /** The user's nkey seed; without it the connection is not authenticated. */
  readonly seed?: string;
  /** Where the seed was read, for what is said of it. */
  readonly seedFile?: string;
  /** Unique name of this process among those that share the prefix. */
  readonly instance: string;
  readonly record: boolean;
  /** How long an end waits for the broker to take what was recorded last, in milliseconds; else the recorder's own. */
  readonly flushWithinMs?: number;
  /** What the server does not let this process hear is asked for again this often; default every minute. */
  readonly forbiddenAgainMs?: number;
  /** An actor broke its contract and stays down: only a new process brings it back. */
  readonly onBroken?: () => void;
  /** The connection was closed for good, by something else than the end of this process, which can do nothing without it. */
  readonly onClosed?: (why: string) => void;
  readonly log: (line: string) => void;
}

/** Reads the environment that `troupe up`, or a person who joins a machine to a cluster, sets. */
export function roleFromEnv(
  role: 'master' | 'worker' | 'service',
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
    ...(seed === undefined || seedFile === undefined ? {} : { seed, seedFile }),
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

/** Why a server does not let this user in, and what to look at. */
export function loginRefused({ url, user, seed, seedFile = 'TROUPE_NKEY' }: RoleOptions): string {
  if (seed === undefined)
    return `nats-server at ${url} does not let user ${user} in without a key; name the file of its key in TROUPE_NKEY`;
  const key = nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
  return `nats-server at ${url} does not accept user ${user} with the key in ${seedFile} (${key}); check TROUPE_NKEY, and that the server's configuration has this key ("troupe permissions" prints it)`;
}

const isLogin = (error: unknown): boolean =>
  error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;

/** Asks until a server lets it in; every new reason why none does is logged. */
async function connectAtLast(options: ConnectionOptions, role: RoleOptions): Promise<NatsConnection> {
  for (let told = ''; ; ) {
    try {
      return await connect(options);
    } catch (error) {
      const refusal = connectRefusal(error, role.url);
      const message = refusal.reason === 'Unauthorized' ? loginRefused(role) : refusal.message;
      if (message !== told) role.log(`warning: ${message}; trying on`);
      told = message;
      await pause(RETRY_MS);
    }
  }
}

function judge({ info }: NatsConnection, { url, log }: RoleOptions): void {
  if (info === undefined) return; // it is lost already
  const { refusal, warnings } = judgeServer(info, url);
  if (refusal !== undefined) throw statusError('BadRequest', refusal);
  for (const warning of warnings) log(`warning: ${warning}`);
}

/** Logs what becomes of the connection. Every attempt to make it again tells of itself; a person is told once what is new. */
async function follow(connection: NatsConnection, name: string, role: RoleOptions): Promise<void> {
  let lost = false;
  let refused = false;
  const { user, log, forbiddenAgainMs: everyMs = FORBIDDEN_AGAIN_MS } = role;
  const forbidden = new Forbidden({ connection, name, user, everyMs, log });
  for await (const status of connection.status()) {
    if (status.type === 'disconnect' && !lost) {
      lost = true;
      role.log(`disconnected: ${role.url}`);
    } else if (status.type === 'reconnect' && lost) {
      lost = refused = false;
      role.log(`reconnected: ${role.url}`);
    } else if (status.type === 'error' && status.error instanceof errors.PermissionViolationError) {
      forbidden.tell(status.error);
    } else if (status.type === 'error' && !isLogin(status.error)) {
      role.log(`error: nats: ${status.error.message}`);
    } else if (status.type === 'error' && !refused) {
      refused = true;
      role.log(`warning: ${loginRefused(role)}; trying on`);
    }
  }
}

/**
 * A connection that never gives up.
 * @param mandate what the process is for, if the broker has to be asked whether this user may do it
 * @throws StatusError Forbidden (the user may not), BadRequest (a server that is too old)
 */
export async function connectRole(role: string, options: RoleOptions, mandate?: Mandate): Promise<NatsConnection> {
  const wanted: ConnectionOptions = {
    servers: serversOf(options.url),
    name: `troupe ${role} ${options.instance}`,
    inboxPrefix: inboxPrefix(options.user),
    maxReconnectAttempts: -1,
    // Whoever takes a user out of the server's configuration by mistake puts it back.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: reconnectPace(RETRY_MS),
    timeout: CONNECT_WITHIN_MS,
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(options.seed === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(options.seed)) }),
  };
  const connection = await connectAtLast(wanted, options);
  try {
    judge(connection, options);
    if (mandate !== undefined) await checkMandate(connection, options, mandate);
  } catch (error) {
    await connection.close();
    throw error;
  }
  void follow(connection, role, options);
  void connection.closed().then((error) => {
    if (error instanceof Error && !connection.isDraining()) options.onClosed?.(error.message);
  });
  return connection;
}

/** Says what is left to be said, and goes; where nobody hears it, goes without. */
export async function leave(connection: NatsConnection, log: (line: string) => void): Promise<void> {
  const wasClosed = connection.isClosed();
  if (await isHeard(connection)) return;
  const why = wasClosed ? 'the connection to which was closed before' : 'which does not answer';
  log(`ended without a word to nats-server, ${why}; what this process held is free in 10 s`);
  await connection.close();
}

/** A server that is silent is known to be gone only when its answers to several pings are missing. */
async function isHeard(connection: NatsConnection): Promise<boolean> {
  const heard = new AbortController();
  const drained = connection.drain().then(
    () => true,
    () => false,
  );
  const tooLate = pause(LEAVE_WITHIN_MS, false, { signal: heard.signal }).catch(() => false);
  try {
    return await Promise.race([drained, tooLate]);
  } finally {
    heard.abort();
  }
}
