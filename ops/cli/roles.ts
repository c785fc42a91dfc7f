import type { RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import { homePaths, troupeHome } from '../boot/home.ts';
import { keepFromEnv } from '../boot/keep.ts';
import { leanHeap } from '../boot/lean-heap.ts';
import { roleFromEnv } from '../boot/role.ts';
import { aborted } from './boot-commands.ts';
import { UsageError } from './errors.ts';
import type { Terminal } from './terminal.ts';

/** Exit code of a process whose actor broke its contract: its supervisor starts it anew. */
const BROKEN = 70;

/* `troupe up` runs these two as child processes; a person runs them to add a machine. */

export async function master(terminal: Terminal): Promise<void> {
  leanHeap();
  const [{ runMaster }, { readClusterKey }] = await Promise.all([
    import('../boot/master.ts'),
    import('../boot/cluster.ts'),
  ]);
  const log = (line: string): void => terminal.tell(line);
  const running = await runMaster({
    ...roleFromEnv('master', process.env, log),
    onBroken: () => process.exit(BROKEN),
    clusterKeyBytes: readClusterKey(homePaths(troupeHome())),
    keep: keepFromEnv(process.env),
  });
  await aborted(terminal.signal);
  await running.stop();
}

export interface WorkerOptions {
  readonly node?: string;
  /** `docker` (default) or `simulated`; else TROUPE_RUNTIME. */
  readonly runtime?: string;
}

export async function worker(options: WorkerOptions, terminal: Terminal): Promise<void> {
  leanHeap();
  const runtime = options.runtime ?? process.env['TROUPE_RUNTIME'];
  const [{ runWorker }, { hostname }, { nodeNameOf }] = await Promise.all([
    import('../boot/worker.ts'),
    import('node:os'),
    import('../boot/cluster.ts'),
  ]);
  const node = options.node ?? nodeNameOf(hostname());
  const running = await runWorker({
    ...roleFromEnv('worker', process.env, (line) => terminal.tell(line)),
    onBroken: () => process.exit(BROKEN),
    node,
    adapter: await adapterFor(node, runtime === undefined || runtime === '' ? 'docker' : runtime),
  });
  await aborted(terminal.signal);
  await running.stop();
}

async function adapterFor(node: string, runtime: string): Promise<RuntimeAdapter> {
  if (runtime === 'docker') {
    const { DockerRuntime } = await import('../../runtime-adapters/docker/docker-runtime.ts');
    return new DockerRuntime({ node });
  }
  if (runtime === 'simulated') {
    const { SimulatedEngine } = await import('../../runtime-adapters/simulated/simulated-engine.ts');
    const output = [{ atMs: 0, text: 'a simulated container has started' }];
    return new SimulatedEngine({ otherImages: { run: { output } } }).runtime(node);
  }
  throw new UsageError(`there is no runtime "${runtime}"; use docker or simulated`);
}
