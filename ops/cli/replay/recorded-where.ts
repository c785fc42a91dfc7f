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
 * Where a command finds the recordings: on the server that a context or the environment names, else in the home. When the
 * server is the home's own, the home is read, which also works while its cluster does not run.
 * @throws StatusError NotFound: the context or the credentials do not exist
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
