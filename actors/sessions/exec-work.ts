import type { SessionWork } from '../../contracts/messages/sessions.ts';
import type { ExecProcess } from '../../contracts/runtime/adapter.ts';
import type { SessionPeer } from './link/session-peer.ts';
import { pump, sinkOf } from './link/stream-channels.ts';
import type { StartWork } from './session.ts';

type ExecWork = Extract<SessionWork, { kind: 'exec' }>;

/** Runs a command, with channels `stdin`, `stdout` and `stderr`. @param run starts it */
export const execWork =
  (
    { stdin = false, stdout = false, stderr = false, tty = false }: ExecWork,
    run: () => Promise<ExecProcess>,
  ): StartWork =>
  (peer: SessionPeer) => {
    const starting = run();
    if (stdin) peer.receive('stdin', sinkOf(starting.then((process) => guarded(process).stdin)));
    const finished = starting.then(async (process) => {
      const outputs = [
        { wanted: stdout, stream: process.stdout, channel: 'stdout' },
        { wanted: stderr && !tty, stream: process.stderr, channel: 'stderr' },
      ];
      const pumps = outputs.map(({ wanted, stream, channel }) => {
        if (wanted) return pump(stream, peer.send(channel));
        stream.resume();
        return Promise.resolve();
      });
      const exitCode = await process.exitCode;
      await Promise.all(pumps);
      return { exitCode };
    });
    finished.catch(() => undefined);
    return {
      finished,
      work: {
        resize: (size) => void starting.then((process) => process.resize(size)).catch(() => undefined),
        stop: () => void starting.then((process) => leave(process, tty)).catch(() => undefined),
      },
    };
  };

/** A command that ends closes its input; what is still written then is lost, and that is no error of the node. */
function guarded(process: ExecProcess): ExecProcess {
  for (const stream of [process.stdin, process.stdout, process.stderr]) stream.on('error', () => undefined);
  return process;
}

/** As with Kubernetes, a command without a terminal goes on when its client has gone. */
async function leave(process: ExecProcess, tty: boolean): Promise<void> {
  guarded(process);
  if (tty) await process.kill();
  for (const stream of [process.stdin, process.stdout, process.stderr]) stream.destroy();
}
