import {
  type Authenticator,
  connect,
  credsAuthenticator,
  nkeyAuthenticator,
  usernamePasswordAuthenticator,
} from 'nats';
import { reconnectPace } from '../../actors/kernel/nats/nats-reconnect-pace.ts';
import { Client } from './client.ts';
import { findCredentials, type WhereToConnect, whereFromEnv } from './credentials.ts';
import { connectErrorToStatus } from './nats-errors.ts';
import type { Credentials } from './plan-credentials.ts';

export interface ConnectOptions extends WhereToConnect {
  /** How long one connection attempt may take; 5 s by default. */
  readonly timeoutMs?: number;
  /** Shown by `nats server report connections`. */
  readonly name?: string;
}

/**
 * Finds the server and the user. When `options` give a context, user, nkey or home, the environment is not used. What is missing
 * then comes from the files of `troupe up`.
 * @throws StatusError ServiceUnavailable, NotFound
 */
export function credentialsFor(options: WhereToConnect): Credentials {
  const env = whereFromEnv(process.env);
  const { context, user, nkey, home } = options;
  const named = [context, user, nkey, home].some((one) => one !== undefined);
  // A home has its own prefix.
  const where = named ? { prefix: home === undefined ? env.prefix : undefined, home: env.home } : env;
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return findCredentials({ ...where, ...given });
}

/**
 * Connects to the cluster that `credentialsFor` finds.
 * @throws StatusError ServiceUnavailable, Unauthorized, NotFound
 */
export async function connectClient(options: ConnectOptions = {}): Promise<Client> {
  return connectAs(credentialsFor(options), options);
}

/** Connects with the given credentials. */
export async function connectAs(
  who: Credentials,
  options: Pick<ConnectOptions, 'timeoutMs' | 'name'> = {},
): Promise<Client> {
  const authenticator = authenticatorOf(who);
  try {
    const connection = await connect({
      servers: serversOf(who.url),
      name: options.name ?? 'troupe client',
      inboxPrefix: who.inboxPrefix,
      timeout: options.timeoutMs ?? 5_000,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: reconnectPace(250),
      noAsyncTraces: true,
      ...(authenticator === undefined ? {} : { authenticator }),
    });
    return new Client(connection, who);
  } catch (error) {
    throw connectErrorToStatus(error, who.url);
  }
}

/** `nats://a:4222, nats://b:4222` */
export const serversOf = (url: string): string[] => url.split(',').map((one) => one.trim());

function authenticatorOf(who: Credentials): Authenticator | undefined {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  if (who.creds !== undefined) return credsAuthenticator(bytes(who.creds));
  if (who.seed !== undefined) return nkeyAuthenticator(bytes(who.seed));
  if (who.password !== undefined) return usernamePasswordAuthenticator(who.caller, who.password);
  return undefined;
}
