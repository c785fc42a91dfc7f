import { BUILD } from '../../boot/home/build.ts';
import { UsageError } from '../shared/errors.ts';
import { toJson, toYaml } from '../shared/print.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, withClient } from '../shared/with-client.ts';

export interface VersionOptions extends ClusterOptions {
  readonly client?: boolean;
  readonly output?: string;
}

export async function version(options: VersionOptions, terminal: Terminal): Promise<void> {
  const { output } = options;
  if (output !== undefined && output !== 'json' && output !== 'yaml')
    throw new UsageError(`there is no output "${output}"; use -o json or -o yaml`);
  const own = { troupe: BUILD, node: process.versions.node };
  let server: ServerVersion | undefined;
  let problem: unknown;
  if (options.client !== true) {
    try {
      server = await serverVersion(options);
    } catch (error) {
      problem = error; // thrown after this program's version has been printed
    }
  }
  const all = { ...own, ...(server === undefined ? {} : { natsServer: server.version, url: server.url }) };
  if (output === 'json') terminal.out(toJson(all));
  else if (output === 'yaml') terminal.out(await toYaml(all));
  else {
    terminal.out(`troupe ${own.troupe} (node ${own.node})\n`);
    if (server !== undefined) terminal.out(`nats-server ${server.version} at ${server.url}\n`);
  }
  if (problem !== undefined) throw problem;
}

interface ServerVersion {
  readonly version: string;
  readonly url: string;
}

const serverVersion = (options: ClusterOptions): Promise<ServerVersion> =>
  withClient(options, async ({ connection, url }) => ({
    version: connection.info?.version ?? 'unknown',
    url,
  }));
