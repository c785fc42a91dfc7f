import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from './errors.ts';
import { toJson } from './print.ts';
import { type ClusterOptions, withClient } from './session.ts';
import type { Terminal } from './terminal.ts';

/** Version of this package: of the nearest package.json above, from the sources and from `dist` alike. */
export function packageVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
    if (folder.pathname === '/') return 'unknown';
  }
}

export interface VersionOptions extends ClusterOptions {
  readonly client?: boolean;
  readonly output?: string;
}

export async function version(options: VersionOptions, terminal: Terminal): Promise<void> {
  if (options.output !== undefined && options.output !== 'json')
    throw new UsageError(`there is no output "${options.output}"; use -o json`);
  const own = { troupe: packageVersion(), node: process.versions.node };
  const server = options.client === true ? undefined : await serverVersion(options).catch(() => undefined);
  const all = { ...own, ...(server === undefined ? {} : { natsServer: server.version, url: server.url }) };
  if (options.output === 'json') {
    terminal.out(toJson(all));
    return;
  }
  terminal.out(`troupe ${own.troupe} (node ${own.node})\n`);
  if (server !== undefined) terminal.out(`nats-server ${server.version} at ${server.url}\n`);
  else if (options.client !== true) terminal.tell('no cluster answers; start one with "troupe up"');
}

const serverVersion = (options: ClusterOptions): Promise<{ version: string; url: string }> =>
  withClient(options, async ({ connection, url }) => ({
    version: connection.info?.version ?? 'unknown',
    url,
  }));
