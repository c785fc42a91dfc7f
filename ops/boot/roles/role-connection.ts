import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, connect, errors, type NatsConnection, nkeyAuthenticator, nkeys } from 'nats';
import { reconnectPace } from '../../../actors/kernel/nats/nats-reconnect-pace.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { serversOf } from '../../client/connect.ts';
import { connectErrorToStatus } from '../../client/nats-errors.ts';
import { PING_EVERY_MS } from '../nats/nats-config.ts';
import { checkServer } from '../nats/plan-server-check.ts';
import { PERMISSION_RETRY_MS, PermissionViolations } from './permission-violations.ts';
import type { RoleOptions } from './role-options.ts';
import { checkRolePermissions, type RequiredPermissions } from './role-permissions.ts';

/** Pause between two attempts to connect. */
const RETRY_MS = 200;
/** Timeout of one attempt: only this ends an attempt whose connection is lost half-way. */
const CONNECT_WITHIN_MS = 5_000;

/** Timeout of draining the connection, which takes milliseconds where the server answers. */
const DRAIN_WITHIN_MS = 2_000;

/** Why a server refuses this user, and what to check. */
export function loginRefused({ url, user, seed, seedFile = 'TROUPE_NKEY' }: RoleOptions): string {
  if (seed === undefined)
    return `nats-server at ${url} does not accept user ${user} without a key; set TROUPE_NKEY to the file of its key`;
  const key = nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
  return `nats-server at ${url} does not accept user ${user} with the key in ${seedFile} (${key}); check TROUPE_NKEY, and that the server's configuration has this key ("troupe permissions" prints it)`;
}

const isLogin = (error: unknown): boolean =>
  error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;

/** Tries to connect until a server accepts; logs each new reason why none does. */
async function connectWithRetry(options: ConnectionOptions, role: RoleOptions): Promise<NatsConnection> {
  for (let logged = ''; ; ) {
    try {
      return await connect(options);
    } catch (error) {
      const refusal = connectErrorToStatus(error, role.url);
      const message = refusal.reason === 'Unauthorized' ? loginRefused(role) : refusal.message;
      if (message !== logged) role.log(`warning: ${message}; retrying`);
      logged = message;
      await pause(RETRY_MS);
    }
  }
}

function checkServerInfo({ info }: NatsConnection, { url, log }: RoleOptions): void {
  if (info === undefined) return; // the connection is already lost
  const { refusal, warnings } = checkServer(info, url);
  if (refusal !== undefined) throw statusError('BadRequest', refusal);
  for (const warning of warnings) log(`warning: ${warning}`);
}

/** Logs changes of the connection; what every attempt to reconnect repeats is logged once. */
async function logStatus(connection: NatsConnection, name: string, role: RoleOptions): Promise<void> {
  let lost = false;
  let refused = false;
  const { user, log, permissionRetryMs: everyMs = PERMISSION_RETRY_MS } = role;
  const violations = new PermissionViolations({ connection, name, user, everyMs, log });
  for await (const status of connection.status()) {
    if (status.type === 'disconnect' && !lost) {
      lost = true;
      role.log(`disconnected: ${role.url}`);
    } else if (status.type === 'reconnect' && lost) {
      lost = refused = false;
      role.log(`reconnected: ${role.url}`);
    } else if (status.type === 'error' && status.error instanceof errors.PermissionViolationError) {
      violations.report(status.error);
    } else if (status.type === 'error' && !isLogin(status.error)) {
      role.log(`error: nats: ${status.error.message}`);
    } else if (status.type === 'error' && !refused) {
      refused = true;
      role.log(`warning: ${loginRefused(role)}; retrying`);
    }
  }
}

/**
 * Connects a process to the broker; retries without end, also when the connection is lost later.
 * @param required permissions to check before the process begins its work
 * @throws StatusError Forbidden (the user lacks them), BadRequest (the server is too old)
 */
export async function connectRole(
  role: string,
  options: RoleOptions,
  required?: RequiredPermissions,
): Promise<NatsConnection> {
  const wanted: ConnectionOptions = {
    servers: serversOf(options.url),
    name: `troupe ${role} ${options.instance}`,
    inboxPrefix: inboxPrefix(options.user),
    maxReconnectAttempts: -1,
    // A user that was removed from the server's configuration by mistake will be put back.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: reconnectPace(RETRY_MS),
    timeout: CONNECT_WITHIN_MS,
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(options.seed === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(options.seed)) }),
  };
  const connection = await connectWithRetry(wanted, options);
  try {
    checkServerInfo(connection, options);
    if (required !== undefined) await checkRolePermissions(connection, options, required);
  } catch (error) {
    await connection.close();
    throw error;
  }
  void logStatus(connection, role, options);
  void connection.closed().then((error) => {
    if (error instanceof Error && !connection.isDraining()) options.onClosed?.(error.message);
  });
  return connection;
}

/** Drains the connection and closes it; logs when the server no longer answers. */
export async function leave(connection: NatsConnection, log: (line: string) => void): Promise<void> {
  const wasClosed = connection.isClosed();
  if (await isDrained(connection)) return;
  const why = wasClosed ? 'to which the connection was already closed' : 'which does not answer';
  log(`stopped without notifying nats-server, ${why}; the leases of this process expire in 10 s`);
  await connection.close();
}

/** Without a timeout of its own this would wait until the answers to several pings are missing. */
async function isDrained(connection: NatsConnection): Promise<boolean> {
  const done = new AbortController();
  const drained = connection.drain().then(
    () => true,
    () => false,
  );
  const tooLate = pause(DRAIN_WITHIN_MS, false, { signal: done.signal }).catch(() => false);
  try {
    return await Promise.race([drained, tooLate]);
  } finally {
    done.abort();
  }
}
