import { aborted } from '../../client/abort.ts';
import { Exit } from '../shared/errors.ts';
import { INTERRUPTED } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { limitsAsEnv, nodeLimits } from './eviction-options.ts';
import { checkNode, runtimeOf } from './node-options.ts';
import { keepOf, portOf, type UpOptions } from './up-options.ts';

/** The node is looked at for a minute; nothing waits for it. */
const LOOKS_MOST = 12;

export async function up(options: UpOptions, terminal: Terminal): Promise<void> {
  const port = options.port === undefined ? undefined : portOf(options.port);
  const keep = keepOf(options);
  if (options.node !== undefined) await checkNode(options.node);
  nodeLimits(options, process.env);
  Object.assign(process.env, limitsAsEnv(options)); // for the worker
  runtimeOf(undefined); // refused here: otherwise the worker would be restarted without end, with its error in a log alone
  const { signal } = terminal; // from now on a shutdown signal stops in order what was started
  if (options.detach === true) {
    const { upDetached } = await import('./up-detached.ts');
    return upDetached(options, (line) => terminal.out(`${line}\n`, 'news'), signal);
  }
  const since = Date.now();
  const [{ up: run }, { declaredActors }] = await Promise.all([
    import('../../boot/up.ts'),
    import('../../boot/roles/hosted-actors.ts'),
  ]);
  const say = (line: string): void => terminal.out(`${line}\n`, 'news');
  const starting = run({
    declaredActors,
    say,
    signal,
    ...(port === undefined ? {} : { port }),
    ...(options.sync === undefined ? {} : { sync: options.sync }),
    ...(options.node === undefined ? {} : { node: options.node }),
    keep,
  });
  const cluster = await starting.catch((error: Error) => {
    if (!signal.aborted) throw error;
    terminal.tell(`troupe up: ${error.message}`);
    throw new Exit(INTERRUPTED);
  });
  say(`cluster is up at ${cluster.cluster.url} (${cluster.paths.home}); Ctrl-C stops it`);
  const { warnAboutNode } = await import('./node-warning.ts');
  const here = { cluster: cluster.cluster, home: cluster.paths.home, since };
  // Not awaited at the end: a request to a server that is gone is never answered.
  warnAboutNode(here, say, signal, LOOKS_MOST).catch(() => undefined);
  await aborted(signal);
  say('stopping the control plane; containers keep running');
  await cluster.stop();
}
