import type { LogLine, LogLines } from '../../contracts/messages/logs.ts';
import type { LogWindow } from '../../contracts/runtime/adapter.ts';
import type { Clock } from '../../contracts/time/clock.ts';
import { logTime, logTimeOf } from '../../contracts/time/log-time.ts';
import { LogPage } from '../log-page.ts';
import type { SimulatedContainer } from './simulated-node.ts';

/** All that a container has written by `now`: computed, never stored. */
function written({ status, run }: SimulatedContainer, now: number): readonly LogLine[] {
  const { startedAt } = status;
  if (startedAt === undefined) return [];
  const until = Math.min(now, status.finishedAt ?? now);
  const output = (run.output ?? []).filter(({ atMs }) => startedAt + atMs <= until);
  return output.map(({ atMs, stream = 'stdout', text }, at) => ({
    stream,
    // The place among the lines as nanoseconds keeps moments apart.
    time: `${logTimeOf(startedAt + atMs).slice(0, 23)}${String(at).padStart(6, '0')}Z`,
    text,
  }));
}

const after = (lines: readonly LogLine[], sinceTime: string | undefined): readonly LogLine[] => {
  const since = sinceTime === undefined ? undefined : logTime(sinceTime);
  return since === undefined ? lines : lines.filter((line) => line.time > since);
};

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

export function followLogs(
  container: SimulatedContainer,
  clock: Clock,
  options: { readonly sinceTime?: string; readonly signal: AbortSignal },
  onLine: (line: LogLine) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let handed = 0;
    let forget = (): void => undefined;
    const stop = (): void => {
      forget();
      container.onEnd.delete(pump);
      options.signal.removeEventListener('abort', stop);
      resolve();
    };
    const pump = (): void => {
      const lines = written(container, clock.now());
      for (const line of after(lines.slice(handed), options.sinceTime)) onLine(line);
      handed = lines.length;
      forget();
      if (container.status.state === 'exited') return stop();
      const next = container.run.output?.[handed];
      const { startedAt } = container.status;
      if (next !== undefined && startedAt !== undefined) {
        forget = clock.after(Math.max(0, startedAt + next.atMs - clock.now()), pump);
      }
    };
    container.onEnd.add(pump);
    options.signal.addEventListener('abort', stop, { once: true });
    if (options.signal.aborted) stop();
    else pump();
  });
}
