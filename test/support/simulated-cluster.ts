import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { NatsConnection } from 'nats';
import { expect } from 'vitest';
import type { Limits } from '../../actors/api-server/limits.ts';
import type { NodeLifecycleConfig } from '../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import type { ActorStats } from '../../actors/kernel/live/actor-stats.ts';
import type { Skip } from '../../actors/kernel/replay.ts';
import type { Node } from '../../contracts/kinds/kinds.ts';
import { isTrue } from '../../contracts/kinds/meta/conditions.ts';
import { type ClusterKey, clusterKey } from '../../contracts/store/sealed.ts';
import { inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { DEFAULT_PREFIX } from '../../contracts/subjects/subjects.ts';
import { nodeUser } from '../../contracts/subjects/users.ts';
import { authorizationBlock } from '../../ops/boot/nats/nats-config.ts';
import { declaredActors } from '../../ops/boot/roles/hosted-actors.ts';
import { journalSealer } from '../../ops/boot/roles/journal-sealer.ts';
import { type RunningRole, runMaster } from '../../ops/boot/roles/master.ts';
import { runWorker } from '../../ops/boot/roles/worker.ts';
import { grantService, grantTenant } from '../../ops/boot/users/grant-roles.ts';
import { newSeed } from '../../ops/boot/users/nkeys.ts';
import { TENANT_ROLE } from '../../ops/boot/users/plan-grants.ts';
import { type Permissions, type Profile, planPermissions, withInboxes } from '../../ops/boot/users/plan-permissions.ts';
import { Client } from '../../ops/client/client.ts';
import { exportOf } from '../../ops/replay/export/export.ts';
import { type Checked, checkRecordings } from '../../ops/replay/play/check.ts';
import { definitionOf } from '../../ops/replay/play/definitions.ts';
import { readHistory } from '../../ops/replay/read/read-history.ts';
import { readJournal } from '../../ops/replay/read/read-journal.ts';
import { writeRecordingFile } from '../../ops/replay/read/recording-file.ts';
import { SimulatedEngine } from '../../runtime-adapters/simulated/simulated-engine.ts';
import type { SimulatedConfig } from '../../runtime-adapters/simulated/simulation-config.ts';
import { keepForFailure } from './failed-recordings.ts';
import { connectAs, startNatsServer, type TestNatsServer, type TestUser } from './nats-server.ts';
import { waitUntil } from './wait-until.ts';

export const PREFIX = DEFAULT_PREFIX;

/** What every story needs: a whole cluster in this process, on a real nats-server that runs the printed permissions. */
export interface SimulatedCluster {
  readonly server: TestNatsServer;
  readonly engine: SimulatedEngine;
  readonly key: ClusterKey;
  /** The operator's. */
  readonly client: Client;
  /** The one that boot starts, `m1`. */
  readonly master: RunningRole;
  /** Running masters by instance. */
  readonly masters: Map<string, RunningRole>;
  /** Running workers by node name. */
  readonly workers: Map<string, RunningRole>;
  readonly log: string[];
  /** Credentials of `operator`, of a tenant, or of a process. */
  user(name: string): TestUser;
  connect(name: string): Promise<NatsConnection>;
  /** A client of ours, as that user; closed with the cluster. */
  as(name: string): Promise<Client>;
  /** One more master. @param url where it finds the broker, when not directly */
  startMaster(instance: string, url?: string): Promise<RunningRole>;
  stopMaster(instance: string): Promise<void>;
  /** Nothing of that master reaches the broker any more, nor is it asked to end well: as kill -9. */
  killMaster(instance: string): Promise<void>;
  startWorker(node: string): Promise<RunningRole>;
  /** The node falls silent: its process is gone, its containers run on. */
  stopWorker(node: string): Promise<void>;
  /** The account of every actor that answers. */
  stats(): Promise<readonly ActorStats[]>;
  /** Everything recorded so far, as one file. */
  writeRecordings(path: string): Promise<void>;
  stop(): Promise<void>;
}

export interface SimulatedClusterOptions {
  /** One worker each; default `['n1']`. */
  readonly nodes?: readonly string[];
  /** Users confined to namespaces, which are created, with the role `edit` there. */
  readonly tenants?: Readonly<Record<string, readonly string[]>>;
  /** Roles of tenants other than `edit`. */
  readonly roles?: Readonly<Record<string, string>>;
  readonly runtime?: SimulatedConfig;
  readonly nodeLifecycle?: Partial<NodeLifecycleConfig>;
  readonly limits?: Partial<Limits>;
  /** See `MasterOptions`. */
  readonly leaseTtlMs?: number;
  /** Further lines of the broker's configuration. */
  readonly brokerConfig?: string;
  /** Profiles of further users. */
  readonly profiles?: Readonly<Record<string, Profile>>;
  /** Further users with permissions of their own: to publish what no user of a real cluster may, or to listen to everything. */
  readonly further?: Readonly<Record<string, Partial<Permissions>>>;
}

/** Boots a master and workers in this process, as real users with the permissions that boot prints. */
export async function startSimulatedCluster(options: SimulatedClusterOptions = {}): Promise<SimulatedCluster> {
  const nodes = options.nodes ?? ['n1'];
  const profiles: Record<string, Profile> = {
    master: { kind: 'system', declared: declaredActors.master },
    operator: { kind: 'operator' },
    ...options.profiles,
  };
  for (const node of nodes) profiles[nodeUser(node)] = { kind: 'node', declared: declaredActors.worker(node) };
  for (const [name, namespaces] of Object.entries(options.tenants ?? {})) {
    profiles[name] = { kind: 'tenant', namespaces, role: options.roles?.[name] };
  }
  const seeds = new Map<string, string>();
  const permitted = (name: string, permissions: Permissions) => {
    const { seed, publicKey } = newSeed();
    seeds.set(name, seed);
    return { name, publicKey, permissions };
  };
  const planned = Object.entries(profiles).map(([name, profile]) =>
    permitted(name, planPermissions(PREFIX, name, profile)),
  );
  const further = Object.entries(options.further ?? {}).map(([name, permissions]) =>
    permitted(name, { publish: [], subscribe: [`${inboxPrefix(name)}.>`], answers: [], ...permissions }),
  );
  const users = withInboxes([...planned, ...further]);
  const server = await startNatsServer({ config: `${authorizationBlock(users)}\n${options.brokerConfig ?? ''}` });
  const clusterKeyBytes = randomBytes(32);
  const key = clusterKey(clusterKeyBytes);
  const engine = new SimulatedEngine(options.runtime);
  const log: string[] = [];
  const killed = new Set<string>();
  const user = (name: string): TestUser => ({ name, seed: seeds.get(name) ?? '' });
  const role = (name: string, instance: string) => ({
    url: server.url,
    prefix: PREFIX,
    user: name,
    seed: seeds.get(name) ?? '',
    instance,
    record: true,
    flushWithinMs: 10_000, // what junk and load leave to be written takes its time
    log: (line: string) => {
      if (!killed.has(instance)) log.push(`${instance}: ${line}`);
    },
  });
  const open: Client[] = [];
  const as = async (name: string): Promise<Client> => {
    const connection = await connectAs(server, user(name));
    const client = new Client(connection, { caller: name, prefix: PREFIX, inboxPrefix: inboxPrefix(name) });
    open.push(client);
    return client;
  };
  const masters = new Map<string, RunningRole>();
  const startMaster = async (instance: string, url = server.url): Promise<RunningRole> => {
    const running = await runMaster({
      ...role('master', instance),
      url,
      clusterKeyBytes,
      freeze: true,
      ...(options.nodeLifecycle === undefined ? {} : { nodeLifecycle: options.nodeLifecycle }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      ...(options.leaseTtlMs === undefined ? {} : { leaseTtlMs: options.leaseTtlMs }),
    });
    masters.set(instance, running);
    return running;
  };
  const stopMaster = stopOf(masters);
  const killMaster = async (instance: string): Promise<void> => {
    const running = masters.get(instance);
    if (running === undefined) return;
    masters.delete(instance);
    killed.add(instance);
    await running.host.connection.close();
    await running.stop().catch(() => undefined); // it can tell nobody
  };
  const master = await startMaster('m1');
  const workers = new Map<string, RunningRole>();
  const startWorker = async (node: string): Promise<RunningRole> => {
    const running = await runWorker({
      ...role(nodeUser(node), node),
      node,
      ip: '127.0.0.1',
      adapters: engine.adapters(node),
    });
    workers.set(node, running);
    return running;
  };
  const stopWorker = stopOf(workers);
  for (const node of nodes) await startWorker(node);
  const client = await as('operator');
  for (const [name, profile] of Object.entries(profiles)) {
    if (profile.kind === 'tenant') await grantTenant(client, name, profile.namespaces, profile.role ?? TENANT_ROLE);
    if (profile.kind === 'service') await grantService(client, name, planPermissions(PREFIX, name, profile).publish);
  }
  const writeRecordings = async (path: string): Promise<void> => {
    for (const { host } of [...masters.values(), ...workers.values()]) await host.options.recorder?.flush();
    const connection = await connectAs(server, user('operator'));
    try {
      const recordings = await readJournal(connection, PREFIX, undefined, () => undefined);
      writeRecordingFile(path, exportOf(PREFIX, recordings, await readHistory(connection, PREFIX)));
    } finally {
      await connection.close();
    }
  };
  const ended = keepForFailure(async (path) => {
    await writeRecordings(path);
    const keyFile = `${path}.key`;
    writeFileSync(keyFile, Buffer.from(clusterKeyBytes).toString('hex'), { mode: 0o600 });
    return { keyFile };
  });
  const cluster: SimulatedCluster = {
    server,
    engine,
    key,
    client,
    master,
    masters,
    workers,
    log,
    user,
    connect: (name) => connectAs(server, user(name)),
    as,
    startMaster,
    stopMaster,
    killMaster,
    startWorker,
    stopWorker,
    stats: () => statsOf(client),
    writeRecordings,
    stop: async () => {
      for (const one of open) await one.close();
      for (const node of [...workers.keys()]) await stopWorker(node);
      for (const instance of [...masters.keys()]) await stopMaster(instance);
      await ended(() => server.stop());
    },
  };
  await waitUntil('every node is ready', 20_000, async () => {
    const { items } = await client.list<Node>('nodes', {});
    const ready = items.filter(({ spec, status }) => isTrue(status, 'Ready') && (spec?.taints ?? []).length === 0);
    return ready.length === nodes.length;
  });
  return cluster;
}

const stopOf =
  (roles: Map<string, RunningRole>) =>
  async (name: string): Promise<void> => {
    const running = roles.get(name);
    roles.delete(name);
    await running?.stop();
  };

/** Asks every actor for its account on its status subject, found as people find it: through the micro services. */
async function statsOf(client: Client): Promise<readonly ActorStats[]> {
  const infos = await client.connection.requestMany('$SRV.INFO', '', { strategy: 'stall', maxWait: 2_000, stall: 150 });
  const subjects = new Set<string>();
  for await (const message of infos) {
    const info = message.json<{ endpoints: { name: string; subject: string }[] }>();
    for (const { name, subject } of info.endpoints) if (name === 'status') subjects.add(subject);
  }
  return Promise.all(
    [...subjects].map(async (subject) =>
      (await client.connection.request(subject, '', { timeout: 5_000 })).json<ActorStats>(),
    ),
  );
}

const ESSENTIAL = ['api-server', 'scheduler', 'dispatcher', 'kubelet', 'runtime', 'store'];

/**
 * Nothing failed: no actor restarted, was stopped, or refused a message because its inbox was full. That the broker took
 * leave of a connection that did not answer in time is no failure: a master was frozen, or the machine busy.
 */
export async function expectUnharmed(cluster: SimulatedCluster): Promise<void> {
  // Between two who hold a lease, nobody acts; and who is busy answers later than others wait.
  const stats = await waitUntil('every actor gives its account', 20_000, async () => {
    const found = await cluster.stats().catch(() => []);
    return ESSENTIAL.every((name) => found.some(({ actor }) => actor === name)) && found;
  }).catch((error: unknown) => {
    throw new Error(cluster.log.join('\n'), { cause: error });
  });
  const harmed = stats.filter(({ restarts, refused }) => restarts > 0 || refused > 0);
  expect(harmed).toEqual([]);
  const failed = cluster.log.filter((line) => /turn \d+ failed|error: (?!nats: Stale Connection$)/.test(line));
  expect(failed).toEqual([]);
}

/** Every actor's recording of what the cluster did so far, played against today's code. */
export const checkedRecordings = (
  { client, key }: SimulatedCluster,
  connection: NatsConnection = client.connection,
): Promise<readonly Checked[]> =>
  checkRecordings({
    connection,
    prefix: PREFIX,
    history: () => readHistory(connection, PREFIX, key),
    sealer: journalSealer(key),
    definitionOf,
  });

/** Every actor's recording of what the cluster did so far, played against today's code, says the same. */
export async function expectReplays(
  cluster: SimulatedCluster,
  options: {
    /** Somebody has written rubbish into the journal, and to actors what looks like a secret: workers cannot seal it. */
    readonly rubbish?: boolean;
  } = {},
): Promise<void> {
  for (const { host } of [...cluster.masters.values(), ...cluster.workers.values()])
    await host.options.recorder?.flush();
  const all = await checkedRecordings(cluster);
  const rubbish = all.filter(({ problem }) => /^message \d+ of the journal/.test(problem ?? ''));
  expect(rubbish.length > 0).toBe(options.rubbish === true);
  const checked = all.filter((one) => !rubbish.includes(one));
  const actors = checked.map(({ actor }) => actor);
  for (const name of ['api-server', 'scheduler', 'dispatcher', 'kubelet']) expect(actors).toContain(name);
  expect(checked.filter(({ divergence, problem }) => divergence !== undefined || problem !== undefined)).toEqual([]);
  const isExpected = ({ why }: Skip): boolean => why === 'sealed' && options.rubbish === true;
  expect(checked.filter(({ turns, skips, dropped }) => turns === 0 || !skips.every(isExpected) || dropped > 0)).toEqual(
    [],
  );
}
