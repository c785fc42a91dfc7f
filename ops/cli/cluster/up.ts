import { aborted } from '../../client/abort.ts';
import { Exit } from '../shared/errors.ts';
import { INTERRUPTED } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { checkNode, runtimeOf } from './node-options.ts';
import { keepOf, portOf, type UpOptions } from './up-options.ts';

/** For a minute: nobody waits. */
const LOOKS_MOST = 12;

export async function up(options: UpOptions, terminal: Terminal): Promise<void> {
  const port = options.port === undefined ? undefined : portOf(options.port);
  const keep = keepOf(options);
  if (options.node !== undefined) await checkNode(options.node);
  runtimeOf(undefined); // the worker would be started again and again, and nobody see why
  const { signal } = terminal; // from now on: what was begun is ended in order
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
  say(`cluster is up at ${cluster.cluster.url} (${cluster.paths.home}); Ctrl-C ends it`);
  const { warnAboutNode } = await import('./node-warning.ts');
  const here = { cluster: cluster.cluster, home: cluster.paths.home, since };
  // Not waited for in the end: what it asked of a server that is gone is answered never.
  warnAboutNode(here, say, signal, LOOKS_MOST).catch(() => undefined);
  await aborted(signal);
  say('ending the control plane; containers keep running');
  await cluster.stop();
}
