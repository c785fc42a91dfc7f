import { homePaths, troupeHome } from '../boot/home.ts';
import { roleFromEnv } from '../boot/role.ts';
import { aborted } from './boot-commands.ts';
import type { Terminal } from './terminal.ts';

/* `troupe up` runs these two as child processes; a person runs them to add a machine. */

export async function master(terminal: Terminal): Promise<void> {
  const [{ runMaster }, { readClusterKey }] = await Promise.all([
    import('../boot/master.ts'),
    import('../boot/cluster.ts'),
  ]);
  const log = (line: string): void => terminal.tell(line);
  const running = await runMaster({
    ...roleFromEnv('master', process.env, log),
    clusterKeyBytes: readClusterKey(homePaths(troupeHome())),
  });
  await aborted(terminal.signal);
  await running.stop();
}

export interface WorkerOptions {
  readonly node?: string;
}

export async function worker(options: WorkerOptions, terminal: Terminal): Promise<void> {
  const [{ runWorker }, { DockerRuntime }, { hostname }, { nodeNameOf }] = await Promise.all([
    import('../boot/worker.ts'),
    import('../../runtime-adapters/docker/docker-runtime.ts'),
    import('node:os'),
    import('../boot/cluster.ts'),
  ]);
  const node = options.node ?? nodeNameOf(hostname());
  const running = await runWorker({
    ...roleFromEnv('worker', process.env, (line) => terminal.tell(line)),
    node,
    adapter: new DockerRuntime({ node }),
  });
  await aborted(terminal.signal);
  await running.stop();
}
