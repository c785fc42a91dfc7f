import { readCluster } from '../../boot/home/cluster.ts';
import { homePaths, troupeHome } from '../../boot/home/home.ts';
import { credentialsFor } from '../../client/connect.ts';
import { whereFromEnv } from '../../client/credentials.ts';
import type { RecordedWhere } from '../../replay/read/recorded-where.ts';

export interface WhereOptions {
  readonly context?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Whose recordings a command means: those on the server that a context or the environment names, as every command finds it;
 * else, and where that is the home's own server, those of the home, which can be read while it does not run.
 * @throws StatusError NotFound: the context, or the credentials
 */
export function recordedWhere({ context, key }: WhereOptions): RecordedWhere {
  const home = troupeHome();
  const env = whereFromEnv(process.env);
  if (context === undefined && env.context === undefined && env.url === undefined) return { home, keyFile: key };
  const server = credentialsFor({ context });
  const own = readCluster(homePaths(home));
  const isOwn = own !== undefined && (['url', 'prefix'] as const).every((name) => own[name] === server[name]);
  return isOwn && own.user === server.caller ? { home, keyFile: key } : { home, server, keyFile: key };
}
