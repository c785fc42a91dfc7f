import type { NatsConnection } from 'nats';
import { guarded } from '../../actors/kernel/nats/nats-guarded-callback.ts';
import { Host } from '../../actors/kernel/nats/nats-host.ts';
import { ScopedView } from '../../actors/kernel/nats/nats-scoped-view.ts';
import { nodeNetwork } from '../../actors/node-network/node-network.ts';
import type { Node } from '../../contracts/kinds/kinds.ts';
import type { NodeAddresses } from '../../contracts/messages/node.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { nodeUser } from '../../contracts/subjects/users.ts';
import { BUILD } from '../boot/home/build.ts';
import type { BenchOptions } from './bench-case.ts';
import { inFlight, until } from './drive.ts';
import { cpuMeter, cpuNote } from './process-figures.ts';
import { ms, perSecond, type Report, rate } from './report.ts';
import { makeNodes } from './schedule.ts';
import { EXTRA, type Stage, startStage } from './stage.ts';
import { sized } from './tiny.ts';

const VIEWS = sized(1_000, 10);
const NODES = sized(1_000, 10);
const CHANGES = sized(2_000, 30);
const ASKED = sized(100, 10);
const CREATORS = 16;

/** A thousand actors of nodes in one process that have a view of the Nodes: what a change costs the broker and the api-server. */
export async function benchViews({ profile }: BenchOptions): Promise<Report> {
  const stage = await startStage({ record: false, profile });
  try {
    await makeNodes(stage, NODES);
    const counted = await count((await stage.connect(EXTRA)).connection, stage);
    const { connection } = await stage.connect(EXTRA);
    const { view, hosts, startedMs } = await startViews(connection, stage);
    expectSame('lists', view.counts.lists, 1);
    expectSame('requests of nodes at the start', await counted.requests(), Math.ceil(NODES / 500));

    const used = cpuMeter(stage.pids);
    const before = { changes: await counted.changes(), received: connection.stats().inMsgs };
    const requestsBefore = await counted.requests();
    const { tookMs, newest } = await change(stage);
    const began = performance.now();
    await until('the views have the last change', 30_000, () => view.cache.revision >= newest);
    const lateMs = performance.now() - began;
    await until('each change was delivered to the process once', 10_000, async () => {
      const changes = (await counted.changes()) - before.changes;
      return changes >= CHANGES && connection.stats().inMsgs - before.received === changes;
    });
    expectSame('requests of nodes for the changes', (await counted.requests()) - requestsBefore, 0);
    expectSame('gaps', view.counts.gaps, 0);
    const cpu = used(CHANGES);
    const answers = await ask(stage);
    await Promise.all(hosts.map((host) => host.stop()));
    view.close();
    return {
      title: `views: ${VIEWS} actors of nodes in one process that have a view of ${NODES} Nodes; ${CHANGES} changes`,
      rows: [
        { what: 'start of all actors, with one list', figure: ms(startedMs) },
        { what: 'changes of Nodes', figure: perSecond(rate(CHANGES, tookMs)) },
        { what: 'last change acknowledged -> in all views', figure: ms(lateMs) },
        { what: 'messages of the broker to the process, for a change', figure: '1', aim: '1' },
        { what: 'requests to the api-server, for all changes', figure: '0', aim: '0' },
        { what: 'whole table from an actor', figure: perSecond(rate(ASKED, answers)) },
      ],
      notes: [cpuNote('a change', cpu)],
    };
  } finally {
    await stage.stop();
  }
}

function expectSame(what: string, is: number, expected: number): void {
  if (is !== expected) throw new Error(`${what}: ${is} instead of ${expected}`);
}

/** Counts the requests of nodes and the changes of Nodes that pass the broker, on a connection of its own. */
async function count(connection: NatsConnection, { cluster: { prefix } }: Stage) {
  const seen = { requests: 0, changes: 0 };
  connection.subscribe(SUBJECTS.api.pattern(prefix), {
    callback: guarded((_error, { subject }) => {
      if (subject.startsWith(`${prefix}.api.${nodeUser('')}`)) seen.requests += 1;
    }, console.error),
  });
  connection.subscribe(SUBJECTS.changes.pattern(prefix, { resource: 'nodes' }), {
    callback: guarded(() => void (seen.changes += 1), console.error),
  });
  await connection.flush();
  const now = (what: keyof typeof seen) => async (): Promise<number> => {
    await connection.flush();
    return seen[what];
  };
  return { requests: now('requests'), changes: now('changes') };
}

async function startViews(connection: NatsConnection, { cluster: { prefix } }: Stage) {
  const began = performance.now();
  const ofNode = (node: string) => ({
    connection,
    prefix,
    caller: nodeUser(node),
    inboxPrefix: inboxPrefix(nodeUser(node)),
    log: console.log,
  });
  const view = new ScopedView(ofNode('node-0'));
  const hosts = Array.from({ length: VIEWS }, (_, n) => {
    const node = `node-${n}`;
    return { node, host: new Host({ ...ofNode(node), instance: node, build: BUILD, view }) };
  });
  await inFlight(32, VIEWS, async (n) => {
    const { node = '', host } = hosts[n] ?? {};
    await host?.start(nodeNetwork({ node }), node);
  });
  return { view, hosts: hosts.map(({ host }) => host), startedMs: performance.now() - began };
}

/** @returns the newest revision */
async function change({ client }: Stage): Promise<{ readonly tookMs: number; readonly newest: number }> {
  let newest = 0;
  const { tookMs } = await inFlight(CREATORS, CHANGES, async (n) => {
    const address = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    const changed = await client.patch<Node>(
      'nodes/status',
      { name: `node-${n % NODES}` },
      { status: { addresses: [{ type: 'InternalIP', address }] } },
    );
    newest = Math.max(newest, Number(changed.metadata?.resourceVersion));
  });
  return { tookMs, newest };
}

/** Asks actors for their tables, which must be alike and have the last change of every Node. */
async function ask({ client, cluster: { prefix } }: Stage): Promise<number> {
  const { items } = await client.list<Node>('nodes', {});
  const expected = new Map(items.map(({ metadata, status }) => [metadata?.name, status?.addresses?.[0]?.address]));
  const { tookMs } = await inFlight(8, ASKED, async (n) => {
    const subject = SUBJECTS.nodeNetwork.subject(prefix, { node: `node-${n}` });
    const { nodes } = (await client.connection.request(subject, '', { timeout: 10_000 })).json<NodeAddresses>();
    expectSame('nodes in the table', nodes.length, NODES);
    for (const { name, addresses } of nodes)
      if (addresses[0] !== expected.get(name))
        throw new Error(`${name} is at ${addresses[0]} in the view of node-${n}`);
  });
  return tookMs;
}
