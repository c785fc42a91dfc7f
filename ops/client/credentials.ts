import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { statusError } from '../../contracts/errors/status.ts';
import { homePaths, natsContextFolder, troupeHome, unreadable } from '../boot/home/home.ts';
import { type Credentials, contextUser, type NatsContext, planCredentials } from './plan-credentials.ts';

export interface WhereToConnect {
  readonly url?: string | undefined;
  /** NATS user: which file of `<home>/users`, and the `<caller>` in subjects. */
  readonly user?: string | undefined;
  /** nkey seed, or the path of a file with one. */
  readonly nkey?: string | undefined;
  /** Name or path of a context of the `nats` command line. */
  readonly context?: string | undefined;
  readonly prefix?: string | undefined;
  readonly home?: string | undefined;
}

/** The values of TROUPE_URL, TROUPE_USER, TROUPE_NKEY, TROUPE_CONTEXT, TROUPE_PREFIX and TROUPE_HOME. */
export const whereFromEnv = (env: NodeJS.ProcessEnv): WhereToConnect => ({
  url: set(env['TROUPE_URL']),
  user: set(env['TROUPE_USER']),
  nkey: set(env['TROUPE_NKEY']),
  context: set(env['TROUPE_CONTEXT']),
  prefix: set(env['TROUPE_PREFIX']),
  home: troupeHome(env),
});

const set = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

/** The default user, which `troupe up` creates. */
const DEFAULT_USER = 'operator';

/**
 * Reads the credentials from files.
 * @throws StatusError ServiceUnavailable (no server is known), NotFound (a given file does not exist)
 */
export function findCredentials(where: WhereToConnect): Credentials {
  const home = where.home ?? troupeHome();
  const context = where.context === undefined ? undefined : readContext(where.context, home);
  const found = planCredentials({
    url: where.url,
    user: where.user,
    prefix: where.prefix,
    seed: where.nkey === undefined ? undefined : seedFrom(where.nkey),
    context,
    home: readHome(home, where.user ?? contextUser(context)),
  });
  if (found !== undefined) return found;
  throw statusError(
    'ServiceUnavailable',
    `no cluster is known: ${homePaths(home).cluster} does not exist; start one with "troupe up", or set TROUPE_URL and TROUPE_NKEY`,
  );
}

function readHome(home: string, user: string | undefined): Partial<Credentials> | undefined {
  const paths = homePaths(home);
  const cluster = readJson(paths.cluster);
  if (cluster === undefined) return undefined;
  const caller = user ?? text(cluster['user']) ?? DEFAULT_USER;
  const account = readJson(join(paths.users, `${caller}.json`));
  const [url, prefix, seed] = [text(cluster['url']), text(cluster['prefix']), text(account?.['seed'])];
  const namespace = Array.isArray(account?.['namespaces']) ? text(account['namespaces'][0]) : undefined;
  return {
    caller,
    ...(url === undefined ? {} : { url }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(seed === undefined ? {} : { seed }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function readContext(nameOrPath: string, home: string): NatsContext {
  const places = [
    nameOrPath,
    join(homePaths(home).natsContexts, `${nameOrPath}.json`),
    join(natsContextFolder(), `${nameOrPath}.json`),
  ].map((place) => resolve(place));
  const path = places.find((place) => place.endsWith('.json') && existsSync(place));
  if (path === undefined) {
    throw statusError(
      'NotFound',
      /[/\\]/.test(nameOrPath)
        ? `there is no NATS context ${nameOrPath}: give the path of a .json file, or the name of a context`
        : `there is no NATS context "${nameOrPath}"; looked for ${places.slice(1).join(' and ')}; ${offered(home)}`,
    );
  }
  const context = (readJson(path) ?? {}) as NatsContext;
  const contents = (file: string | undefined): string | undefined => {
    if (file === undefined || file === '') return undefined;
    const place = file.replace(/^~(?=\/)/, homedir());
    return readText(isAbsolute(place) ? place : join(dirname(path), place));
  };
  const [nkey, creds] = [contents(context.nkey), contents(context.creds)];
  return { ...context, nkey: nkey ?? '', creds: creds ?? '' };
}

function offered(home: string): string {
  const folder = homePaths(home).natsContexts;
  const names = existsSync(folder) ? readdirSync(folder).map((file) => basename(file, '.json')) : [];
  return names.length === 0
    ? '"troupe user add" creates one'
    : `this home has ${names.toSorted().join(', ')}, and "troupe user add" creates one`;
}

const seedFrom = (seedOrPath: string): string => (/^SU[A-Z2-7]+$/.test(seedOrPath) ? seedOrPath : readText(seedOrPath));

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw statusError('NotFound', `cannot read the credentials in ${path}: ${(error as Error).message}`);
  }
}

function readJson(path: string): Record<string, unknown> | undefined {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(`read ${path}`, error);
  }
  try {
    return JSON.parse(content) as Record<string, unknown>;
  } catch {
    throw statusError('BadRequest', `${path} is not JSON; remove it and run "troupe up" again`);
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
