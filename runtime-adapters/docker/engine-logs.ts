import type { Readable } from 'node:stream';
import type { LogLine, LogLines } from '../../contracts/messages/logs.ts';
import type { LogWindow } from '../../contracts/runtime/adapter.ts';
import { logTime, unixNanos } from '../../contracts/time/log-time.ts';
import { LogPage } from '../log-page.ts';
import { callEngine, type Engine } from './engine.ts';
import { LogParser } from './log-parser.ts';

const READ_MS = 30_000;

interface Source {
  readonly engine: Engine;
  readonly id: string;
  readonly tty: boolean;
}

/** Reads the log written so far, up to the window's limit. */
export async function readLogs(source: Source, window: LogWindow): Promise<Omit<LogLines, 'ended'>> {
  const isWanted = laterThan(window.sinceTime);
  const page = new LogPage(window.limitBytes);
  const parser = new LogParser(source.tty, (line) => {
    if (isWanted(line)) page.add(line);
  });
  await callEngine(`read the log of container ${source.id}`, READ_MS, async (abortSignal) => {
    const stream = await openLog(source, window, false, abortSignal);
    for await (const chunk of stream) {
      parser.push(chunk as Buffer);
      if (page.truncated) break;
    }
  });
  if (!page.truncated) parser.end();
  return page.answer();
}

/** The engine's `since` includes lines of that very time, which the client has already. */
function laterThan(sinceTime: string | undefined): (line: LogLine) => boolean {
  const since = sinceTime === undefined ? undefined : logTime(sinceTime);
  return ({ time }) => since === undefined || time > since;
}

/** Emits lines as they are written, until the container ends or `signal` aborts. */
export async function followLogs(
  source: Source,
  options: { readonly sinceTime?: string; readonly signal: AbortSignal },
  onLine: (line: LogLine) => void,
): Promise<void> {
  const { signal } = options;
  const isWanted = laterThan(options.sinceTime);
  const parser = new LogParser(source.tty, (line) => {
    if (!signal.aborted && isWanted(line)) onLine(line);
  });
  const stream = await openLog(source, options, true, signal);
  const stop = (): void => void stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream) parser.push(chunk as Buffer);
    parser.end();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

/** Opens the log as a stream: the client's own method reads a log that is not followed into one buffer, however large. */
function openLog(
  { engine, id }: Source,
  window: LogWindow,
  follow: boolean,
  abortSignal: AbortSignal,
): Promise<Readable> {
  const since = window.sinceTime === undefined ? undefined : logTime(window.sinceTime);
  const options = {
    stdout: '1',
    stderr: '1',
    timestamps: '1',
    follow: follow ? '1' : '0',
    ...(window.tailLines === undefined ? {} : { tail: String(window.tailLines) }),
    ...(since === undefined ? {} : { since: unixNanos(since) }),
  };
  return new Promise((resolve, reject) => {
    engine.modem.dial(
      {
        path: `/containers/${id}/logs?`,
        method: 'GET',
        options,
        isStream: true,
        abortSignal,
        statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
      },
      (error, stream) => (error ? reject(error as Error) : resolve(stream as Readable)),
    );
  });
}
