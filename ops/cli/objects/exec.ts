import type { Writable } from 'node:stream';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import type { Sink } from '../../../actors/sessions/link/channels.ts';
import { pump, sinkOf } from '../../../actors/sessions/link/stream-channels.ts';
import type { ClientSession, SessionExit } from '../../client/session.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { FAILURE, INTERRUPTED } from '../shared/render-error.ts';
import type { Terminal, TerminalStreams } from '../shared/terminal.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import { checkHasPods, findPod } from './find-pod.ts';
import { pickContainer } from './plan-pod-target.ts';
import type { ResourceTarget } from './plan-resource-arguments.ts';
import { resourceTargets } from './resources.ts';

export interface ExecOptions extends ClusterOptions {
  readonly container?: string;
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly quiet?: boolean;
}

/** `troupe exec web-1 -- ls`: runs a command in a container, and exits as it does. */
export async function exec(args: readonly string[], options: ExecOptions, terminal: Terminal): Promise<void> {
  const [first, ...command] = args;
  const target = targetOf(first);
  if (command.length === 0)
    throw new UsageError(`give a command to run, after two dashes: troupe exec ${first ?? 'web-1'} -- ls /`);
  const { streams } = terminal;
  const tty = options.tty === true && streams.isTerminal;
  if (options.tty === true && !tty)
    terminal.tell('Unable to use a TTY - input is not a terminal or the right kind of file');
  const stdin = options.stdin === true;
  const { signal } = terminal;
  await withClient(options, async (client) => {
    const pod = await findPod(client, target, namespaceOf(options, client), terminal, 'exec');
    const container = containerOf(pod, options, terminal);
    const { openExec } = await import('../../client/session.ts');
    const size = tty ? streams.size() : undefined;
    const session = await openExec(
      client,
      { namespace: pod.metadata?.namespace ?? '', name: pod.metadata?.name ?? '' },
      { command, container, stdin, tty, stdout: true, stderr: !tty, ...(size === undefined ? {} : { size }) },
    );
    const exit = await attached(session, streams, { stdin, tty, signal });
    if (signal.aborted) throw new Exit(INTERRUPTED);
    endAs(exit, options, terminal);
  });
}

function targetOf(named: string | undefined): ResourceTarget {
  if (named === undefined) throw new UsageError('name a pod, or an object that has pods: web-1, deploy/web');
  const [target] = resourceTargets(named.includes('/') ? [named] : ['pods', named]);
  if (target === undefined) throw new UsageError('name one pod, or one object that has pods: web-1, deploy/web');
  checkHasPods(target);
  return target;
}

function containerOf(pod: Pod, options: ExecOptions, terminal: Terminal): string {
  const { phase } = pod.status ?? {};
  const problem =
    phase === 'Succeeded' || phase === 'Failed'
      ? `cannot exec into a container in a completed pod; current phase is ${phase}`
      : undefined;
  const picked = problem === undefined ? pickContainer(pod, options.container) : { problem };
  if ('problem' in picked) {
    terminal.tell(`troupe exec: ${picked.problem}`);
    throw new Exit(FAILURE);
  }
  if (picked.note !== undefined && options.quiet !== true) terminal.tell(picked.note);
  return picked.container;
}

/** Lends the terminal to the command until it ends. */
async function attached(
  session: ClientSession,
  streams: TerminalStreams,
  { stdin, tty, signal }: { readonly stdin: boolean; readonly tty: boolean; readonly signal: AbortSignal },
): Promise<SessionExit> {
  const { peer } = session;
  peer.receive('stdout', sinkTo(streams.stdout));
  if (!tty) peer.receive('stderr', sinkTo(streams.stderr));
  const input = stdin ? peer.send('stdin') : undefined;
  const close = (): void => session.close();
  signal.addEventListener('abort', close, { once: true });
  const resized = (): void => {
    const size = streams.size();
    if (size !== undefined) session.control({ size });
  };
  const forget = tty ? streams.onResize(resized) : () => undefined;
  try {
    session.start();
    if (tty && stdin) streams.setRaw(true);
    if (input !== undefined) void pump(streams.stdin, input);
    return await session.ended;
  } finally {
    forget();
    signal.removeEventListener('abort', close);
    if (tty && stdin) streams.setRaw(false);
    if (stdin) streams.stdin.destroy(); // nobody reads it any more, and it would keep the process alive
  }
}

/** Standard output stays open for what comes after the command. */
const sinkTo = (stream: Writable): Sink => ({
  write: (bytes) => sinkOf(stream).write(bytes),
  end: () => undefined,
});

function endAs({ exitCode, error }: SessionExit, { quiet }: ExecOptions, terminal: Terminal): void {
  if (exitCode === 0) return;
  if (quiet !== true || exitCode === undefined)
    terminal.tell(
      exitCode === undefined
        ? `troupe exec: ${error ?? 'the session ended'}`
        : `command terminated with exit code ${exitCode}`,
    );
  throw new Exit(exitCode ?? FAILURE);
}
