import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { nkeys } from 'nats';
import { statusError } from '../../../contracts/errors/status.ts';
import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { nodeNameOf } from '../home/cluster.ts';

/** Settings of a master, worker or service process: the broker, and the user as which it connects. */
export interface RoleOptions {
  readonly url: string;
  readonly prefix: string;
  /** NATS user. */
  readonly user: string;
  /** The user's nkey seed; without it the connection is not authenticated. */
  readonly seed?: string;
  /** The file of the seed; for messages. */
  readonly seedFile?: string;
  /** Name of this process, unique among those that share the prefix. */
  readonly instance: string;
  readonly record: boolean;
  /** How long stopping waits until the broker has the last records, in milliseconds; default: the recorder's own. */
  readonly flushWithinMs?: number;
  /** How often refused subscriptions are retried, in milliseconds; default every minute. */
  readonly permissionRetryMs?: number;
  /** Called when an actor broke its contract and stays down: only a new process brings it back. */
  readonly onBroken?: () => void;
  /** Called when the connection was closed for good, other than by stopping: the process can do nothing without it. */
  readonly onClosed?: (why: string) => void;
  readonly log: (line: string) => void;
}

/** Reads the settings from the environment, which `troupe up` sets, or the user who joins a machine to a cluster. */
export function roleFromEnv(
  role: 'master' | 'worker' | 'service',
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): RoleOptions {
  const url = env['TROUPE_URL'];
  if (url === undefined || url === '') {
    throw statusError(
      'BadRequest',
      `TROUPE_URL is not set; set it to the address of the NATS server, or run "troupe up"`,
    );
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

/** Refuses an invalid seed at once: connecting again and again would not correct it. */
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
    throw statusError(
      'Unauthorized',
      `TROUPE_NKEY is ${file}, which does not hold an nkey seed: ${(error as Error).message}`,
    );
  }
}
