import type { RuntimeAdapter } from '../../../contracts/runtime/adapter.ts';
import { homePaths, troupeHome } from '../../boot/home/home.ts';
import type { RunningRole } from '../../boot/roles/master.ts';
import { limitHeapGrowth } from '../../boot/roles/memory-settings.ts';
import { retentionFromEnv } from '../../boot/roles/retention-settings.ts';
import { roleFromEnv } from '../../boot/roles/role-options.ts';
import { aborted } from '../../client/abort.ts';
import { pause } from '../../client/pause.ts';
import { UsageError } from '../shared/errors.ts';
import { FAILURE, INTERRUPTED } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { started } from './await-start.ts';
import { checkNode, runtimeOf } from './node-options.ts';

/** Exit code of a process whose actor broke its contract: its supervisor starts it anew. */
const BROKEN = 70;

/** For its supervisor, which starts it anew: a process without a connection would only seem to live. */
const endWhenClosed =
  (role: string, terminal: Terminal) =>
  (why: string): void => {
    terminal.tell(`troupe ${role}: the connection to nats-server was closed for good: ${why}; start it again`);
    process.exit(FAILURE);
  };

/** How long a start that was interrupted may still take. */
const START_GRACE_MS = 2_000;
/** How long an orderly end may take: less than `troupe up` gives its children. */
const STOP_GRACE_MS = 8_000;

/* `troupe up` runs these two as child processes; a person runs them to add a machine. */

export interface MasterOptions {
  /** How many servers of a NATS cluster keep each stream; else TROUPE_REPLICAS, else as it is. */
  readonly replicas?: string;
  /** Actors that another process hosts; else TROUPE_WITHOUT, with commas. */
  readonly without?: readonly string[];
}

const REPLICAS: readonly number[] = [1, 3, 5];

/** @throws UsageError */
function replicasOf(wished: string | undefined): number | undefined {
  const said = wished ?? process.env['TROUPE_REPLICAS'];
  if (said === undefined || said === '') return undefined;
  const found = REPLICAS.find((count) => String(count) === said);
  if (found !== undefined) return found;
  const where = wished === undefined ? 'TROUPE_REPLICAS' : '--replicas';
  throw new UsageError(`${where} is "${said}"; use 1, 3 or 5, and as many servers of a NATS cluster`);
}

/** @throws UsageError */
function withoutOf(wished: readonly string[] | undefined, possible: readonly string[]): readonly string[] {
  const names = wished ?? (process.env['TROUPE_WITHOUT'] ?? '').split(',').filter((name) => name !== '');
  const odd = names.find((name) => !possible.includes(name));
  if (odd === undefined) return names;
  const where = wished === undefined ? 'TROUPE_WITHOUT' : '--without';
  throw new UsageError(`${where} is "${odd}"; a master can do without ${possible.join(', ')}`);
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
  const starting = runMaster({
    ...roleFromEnv('master', process.env, log),
    onBroken: () => process.exit(BROKEN),
    onClosed: endWhenClosed('master', terminal),
    clusterKeyBytes: readClusterKey(homePaths(troupeHome())),
    keep: retentionFromEnv(process.env),
    replicas,
    without,
  });
  await runUntilStopped(starting, terminal);
}

/** Whoever ends the process while it still waits for a server need not wait with it. */
async function runUntilStopped(starting: Promise<RunningRole>, terminal: Terminal): Promise<void> {
  const { signal } = terminal;
  const running = await started(starting, signal, START_GRACE_MS);
  if (running === undefined) process.exit(INTERRUPTED); // what waits would keep it alive
  await aborted(signal);
  const orderly = new AbortController();
  const tooLate = pause(STOP_GRACE_MS, orderly.signal).then(() => orderly.signal.aborted);
  if (await Promise.race([running.stop().then(() => true), tooLate])) return orderly.abort();
  terminal.tell(`ended after ${STOP_GRACE_MS / 1000} s, not in order; what this process held is free in 10 s`);
  process.exit(0);
}

export interface WorkerOptions {
  readonly node?: string;
  /** `docker` (default) or `simulated`; else TROUPE_RUNTIME. */
  readonly runtime?: string;
}

export async function worker(options: WorkerOptions, terminal: Terminal): Promise<void> {
  limitHeapGrowth();
  const runtime = runtimeOf(options.runtime);
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
    adapters: { runtime: await adapterFor(node, runtime) },
  });
  await runUntilStopped(starting, terminal);
}

async function adapterFor(node: string, runtime: ReturnType<typeof runtimeOf>): Promise<RuntimeAdapter> {
  if (runtime === 'docker') {
    const { DockerRuntime } = await import('../../../runtime-adapters/docker/docker-runtime.ts');
    return new DockerRuntime({ node });
  }
  const { SimulatedEngine } = await import('../../../runtime-adapters/simulated/simulated-engine.ts');
  const output = [{ atMs: 0, text: 'a simulated container has started' }];
  return new SimulatedEngine({ otherImages: { run: { output } } }).runtime(node);
}
