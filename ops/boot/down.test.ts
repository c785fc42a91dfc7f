import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nodeUser } from '../../contracts/subjects/users.ts';
import { LABEL } from '../../runtime-adapters/docker/labels.ts';
import { down } from './down.ts';
import { prepareHome, writeCluster } from './home/cluster.ts';
import { type HomePaths, homePaths } from './home/home.ts';
import { writeUser } from './users/users.ts';

/* Goal: whoever ends a cluster learns of every container of it. Method: an engine that only lists and removes. */

let paths: HomePaths;
let engine: Server;
/** Node by id of its container. */
let running: Record<string, string>;

beforeEach(async () => {
  paths = homePaths(mkdtempSync(join(tmpdir(), 'troupe-down-')));
  prepareHome(paths);
  engine = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://engine');
    if (request.method === 'DELETE') {
      delete running[pathname.split('/').at(-1) ?? ''];
      response.writeHead(204).end();
      return;
    }
    const { label = [] } = JSON.parse(searchParams.get('filters') ?? '{}') as { label?: readonly string[] };
    const all = Object.entries(running).map(([Id, node]) => ({
      Id,
      Labels: { [LABEL.node]: node, [LABEL.podUid]: Id },
    }));
    const chosen = all.filter(({ Labels }) =>
      label.every((one) => one === LABEL.node || one === `${LABEL.node}=${Labels[LABEL.node]}`),
    );
    response.setHeader('content-type', 'application/json').end(JSON.stringify(chosen));
  });
  engine.listen(0, '127.0.0.1');
  await once(engine, 'listening');
  vi.stubEnv('DOCKER_HOST', `tcp://127.0.0.1:${(engine.address() as AddressInfo).port}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  engine.closeAllConnections();
  engine.close();
  rmSync(paths.home, { recursive: true });
});

/** Starts of this home, each with a node of this name. */
function startedAs(...nodes: readonly string[]): void {
  for (const node of nodes) {
    writeCluster(paths, { port: 1, node });
    writeUser(paths, { name: nodeUser(node), profile: 'node', node });
  }
}
async function told(options: { readonly pods?: boolean; readonly node?: string } = {}): Promise<readonly string[]> {
  const said: string[] = [];
  await down({ home: paths.home, say: (text) => said.push(text), ...options });
  return said;
}
const ofBefore =
  'containers of node before run on this machine; unless its worker runs too, start it with `troupe up --node before`, or remove them: `troupe down --pods --node before`';

it('names the containers of nodes as which this home was started before, and no others', async () => {
  startedAs('before', 'idle', 'now');
  running = { a: 'before', b: 'before', c: 'elsewhere' };
  expect(await told()).toEqual(['nothing was running', 'no containers of node now run', ofBefore]);
  running = { ...running, d: 'now' };
  expect(await told()).toEqual([
    'nothing was running',
    'containers of node now keep running; `troupe down --pods` removes them too',
    ofBefore,
  ]);
  expect(await told({ pods: true })).toEqual(['nothing was running', '1 pod removed', ofBefore]);
  expect(await told({ pods: true, node: 'before' })).toEqual(['2 pods removed']);
  expect(running).toEqual({ c: 'elsewhere' });
  expect(await told()).toEqual(['nothing was running', 'no containers run']);
  running = { d: 'now' };
  expect(await told()).toEqual([
    'nothing was running',
    'containers keep running; `troupe down --pods` removes them too',
  ]);
});
