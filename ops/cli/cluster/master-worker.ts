import { homePaths, troupeHome } from '../../boot/home/home.ts';
import type { NodeAdapters } from '../../boot/roles/hosted-actors.ts';
import type { RunningRole } from '../../boot/roles/master.ts';
import { limitHeapGrowth } from '../../boot/roles/memory-settings.ts';
import { retentionFromEnv } from '../../boot/roles/retention-settings.ts';
import { type RoleOptions, roleFromEnv } from '../../boot/roles/role-options.ts';
import { aborted } from '../../client/abort.ts';
import { pause } from '../../client/pause.ts';
import { UsageError } from '../shared/errors.ts';
import { FAILURE, INTERRUPTED } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { awaitStart } from './await-start.ts';
import { type NodeLimits, nodeLimits } from './eviction-options.ts';
import { checkNode, runtimeOf } from './node-options.ts';

/** Exit code of a process with an actor that stays down: the supervisor restarts the process. */
const BROKEN = 70;

/** Ends the process when its connection is closed for good, so that its supervisor restarts it. */
const endWhenClosed =
  (role: string, terminal: Terminal) =>
  (why: string): void => {
    terminal.tell(`troupe ${role}: the connection to nats-server was closed for good: ${why}; start it again`);
    process.exit(FAILURE);
  };

/** How long an interrupted start may still take. */
const START_GRACE_MS = 2_000;
/** How long stopping may take: less than `troupe up` gives its child processes. */
const STOP_GRACE_MS = 8_000;

/* `troupe up` runs these commands as child processes; users run them to add a machine to a cluster. */

export interface MasterOptions {
  /** Replicas of each stream in a NATS cluster; else TROUPE_REPLICAS, else unchanged. */
  readonly replicas?: string;
  /** Actors that other processes host; else TROUPE_WITHOUT, separated by commas. */
  readonly without?: readonly string[];
}

const REPLICAS: readonly number[] = [1, 3, 5];

/** @throws UsageError */
function replicasOf(wished: string | undefined): number | undefined {
  const given = wished ?? process.env['TROUPE_REPLICAS'];
  if (given === undefined || given === '') return undefined;
  const found = REPLICAS.find((count) => String(count) === given);
  if (found !== undefined) return found;
  const where = wished === undefined ? 'TROUPE_REPLICAS' : '--replicas';
  throw new UsageError(`${where} is "${given}"; use 1, 3 or 5, and at least as many servers in the NATS cluster`);
}

/** @throws UsageError */
function withoutOf(wished: readonly string[] | undefined, possible: readonly string[]): readonly string[] {
  const names = wished ?? (process.env['TROUPE_WITHOUT'] ?? '').split(',').filter((name) => name !== '');
  const odd = names.find((name) => !possible.includes(name));
  if (odd === undefined) return names;
  const where = wished === undefined ? 'TROUPE_WITHOUT' : '--without';
  throw new UsageError(`${where} is "${odd}"; a master can leave out ${possible.join(', ')}`);
}

export async function master(options: MasterOptions, terminal: Terminal): Promise<void> {
  const replicas = replicasOf(options.replicas);
  limitHeapGrowth();
  const [{ runMaster }, { readClusterKey }, { singletonNames }] = await Promise.all([
    import('../../boot/roles/master.ts'),
    import('../../boot/home/cluster.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const without = withoutOf(options.without, singletonNames);
  const log = (line: string): void => terminal.tell(line);
  const role = roleFromEnv('master', process.env, log);
  const starting = runMaster({
    ...role,
    onBroken: () => process.exit(BROKEN),
    onClosed: endWhenClosed('master', terminal),
    clusterKeyBytes: readClusterKey(homePaths(troupeHome())),
    keep: retentionFromEnv(process.env),
    replicas,
    without,
  }).then(async (running) => {
    await grantRoles(role, log);
    return running;
  });
  await runUntilStopped(starting, terminal);
}

/**
 * Gives roles to the users of this home that have none yet. `troupe up` does it for its own home, and a home of another machine has
 * no users.
 */
async function grantRoles({ url, prefix }: RoleOptions, log: (line: string) => void): Promise<void> {
  const paths = homePaths(troupeHome());
  const [{ grantMissing }, { findUser }, { OPERATOR, readCluster }] = await Promise.all([
    import('../../boot/users/grants.ts'),
    import('../../boot/users/users.ts'),
    import('../../boot/home/cluster.ts'),
  ]);
  if (readCluster(paths) !== undefined || findUser(paths, OPERATOR) === undefined) return;
  try {
    const granted = await grantMissing(paths, url, prefix);
    if (granted.length > 0) log(`users got their roles in the cluster: ${granted.join(', ')}`);
  } catch (error) {
    log(
      `some users have no role in the cluster yet: ${(error as Error).message}; run "troupe user add" for them again`,
    );
  }
}

/** Runs until the shutdown signal, which also interrupts a start that still waits for a server. */
async function runUntilStopped(starting: Promise<RunningRole>, terminal: Terminal): Promise<void> {
  const { signal } = terminal;
  const running = await awaitStart(starting, signal, START_GRACE_MS);
  if (running === undefined) process.exit(INTERRUPTED); // pending attempts to connect would keep the process alive
  await aborted(signal);
  const orderly = new AbortController();
  const tooLate = pause(STOP_GRACE_MS, orderly.signal).then(() => orderly.signal.aborted);
  if (await Promise.race([running.stop().then(() => true), tooLate])) return orderly.abort();
  terminal.tell(`did not stop within ${STOP_GRACE_MS / 1000} s; the leases of this process expire in 10 s`);
  process.exit(0);
}

export interface WorkerOptions extends NodeLimits {
  readonly node?: string;
  /** `docker` (default) or `simulated`; else TROUPE_RUNTIME. */
  readonly runtime?: string;
}

export async function worker(options: WorkerOptions, terminal: Terminal): Promise<void> {
  limitHeapGrowth();
  const runtime = runtimeOf(options.runtime);
  const limits = nodeLimits(options, process.env);
  const [{ runWorker }, { hostname }, { nodeNameOf }] = await Promise.all([
    import('../../boot/roles/worker.ts'),
    import('node:os'),
    import('../../boot/home/cluster.ts'),
  ]);
  const node = options.node ?? nodeNameOf(hostname());
  await checkNode(node);
  const starting = runWorker({
    ...roleFromEnv('worker', process.env, (line) => terminal.tell(line)),
    onBroken: () => process.exit(BROKEN),
    onClosed: endWhenClosed('worker', terminal),
    node,
    adapters: await adaptersFor(node, runtime),
    kubelet: limits,
  });
  await runUntilStopped(starting, terminal);
}

async function adaptersFor(node: string, runtime: ReturnType<typeof runtimeOf>): Promise<NodeAdapters> {
  if (runtime === 'docker') {
    const { DockerRuntime } = await import('../../../runtime-adapters/docker/docker-runtime.ts');
    const { HostVolumes } = await import('../../../runtime-adapters/volumes/host-volumes.ts');
    const { pods, seccomp } = homePaths(troupeHome());
    return {
      runtime: new DockerRuntime({ node, seccompFolder: seccomp }),
      volumes: new HostVolumes({ folder: pods, node }),
    };
  }
  const { SimulatedEngine } = await import('../../../runtime-adapters/simulated/simulated-engine.ts');
  const output = [{ atMs: 0, text: 'a simulated container has started' }];
  return new SimulatedEngine({ otherImages: { run: { output } } }).adapters(node);
}
