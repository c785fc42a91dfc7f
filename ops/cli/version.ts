import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from './errors.ts';
import { toJson, toYaml } from './print.ts';
import { type ClusterOptions, withClient } from './session.ts';
import type { Terminal } from './terminal.ts';

/** Version of this package: of the nearest package.json above, from the sources and from `dist` alike. */
export function packageVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
    if (folder.href === new URL('..', folder).href) return 'unknown';
  }
}

export interface VersionOptions extends ClusterOptions {
  readonly client?: boolean;
  readonly output?: string;
}

export async function version(options: VersionOptions, terminal: Terminal): Promise<void> {
  const { output } = options;
  if (output !== undefined && output !== 'json' && output !== 'yaml')
    throw new UsageError(`there is no output "${output}"; use -o json or -o yaml`);
  const own = { troupe: packageVersion(), node: process.versions.node };
  let server: ServerVersion | undefined;
  let problem: unknown;
  if (options.client !== true) {
    try {
      server = await serverVersion(options);
    } catch (error) {
      problem = error; // told after the own version, which is known all the same
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
