import type { LogLine, LogLines } from '../../contracts/messages/logs.ts';
import type { LogWindow } from '../../contracts/runtime/adapter.ts';
import type { Clock } from '../../contracts/time/clock.ts';
import { logTime, logTimeOf } from '../../contracts/time/log-time.ts';
import { LogPage } from '../log-page.ts';
import type { SimulatedContainer } from './simulated-node.ts';

/** The lines that a container has written by `now`. They are computed, not stored. */
function written({ status, run }: SimulatedContainer, now: number): readonly LogLine[] {
  const { startedAt } = status;
  if (startedAt === undefined) return [];
  const until = Math.min(now, status.finishedAt ?? now);
  const output = (run.output ?? []).filter(({ atMs }) => startedAt + atMs <= until);
  return output.map(({ atMs, stream = 'stdout', text }, at) => ({
    stream,
    // The line's index as nanoseconds, so that times are unique.
    time: `${logTimeOf(startedAt + atMs).slice(0, 23)}${String(at).padStart(6, '0')}Z`,
    text,
  }));
}

const after = (lines: readonly LogLine[], sinceTime: string | undefined): readonly LogLine[] => {
  const since = sinceTime === undefined ? undefined : logTime(sinceTime);
  return since === undefined ? lines : lines.filter((line) => line.time > since);
};

/** The lines written so far, within the window. */
export function readLogs(container: SimulatedContainer, window: LogWindow, now: number): LogLines {
  const { tailLines } = window;
  const all = written(container, now);
  const wanted = after(
    tailLines === undefined ? all : all.slice(Math.max(0, all.length - tailLines)),
    window.sinceTime,
  );
  const page = new LogPage(window.limitBytes);
  for (const line of wanted) page.add(line);
  const ended = container.status.state === 'exited' && !page.truncated;
  return { ...page.answer(), ...(ended ? { ended } : {}) };
}

/** Emits lines as they are written; resolves when the container ends or `signal` aborts. */
export function followLogs(
  container: SimulatedContainer,
  clock: Clock,
  options: { readonly sinceTime?: string; readonly signal: AbortSignal },
  onLine: (line: LogLine) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let emitted = 0;
    let cancelTimer = (): void => undefined;
    const stop = (): void => {
      cancelTimer();
      container.onEnd.delete(pump);
      options.signal.removeEventListener('abort', stop);
      resolve();
    };
    const pump = (): void => {
      const lines = written(container, clock.now());
      for (const line of after(lines.slice(emitted), options.sinceTime)) onLine(line);
      emitted = lines.length;
      cancelTimer();
      if (container.status.state === 'exited') return stop();
      const next = container.run.output?.[emitted];
      const { startedAt } = container.status;
      if (next !== undefined && startedAt !== undefined) {
        cancelTimer = clock.after(Math.max(0, startedAt + next.atMs - clock.now()), pump);
      }
    };
    container.onEnd.add(pump);
    options.signal.addEventListener('abort', stop, { once: true });
    if (options.signal.aborted) stop();
    else pump();
  });
}
