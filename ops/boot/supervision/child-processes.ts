import { join } from 'node:path';
import { appendLog } from '../home/append-log.ts';
import type { HomePaths } from '../home/home.ts';
import { updateLock } from '../home/home-lock.ts';
import type { ProcessId } from './processes.ts';
import type { SuperviseEvents } from './supervise.ts';

export const childLog = (paths: HomePaths, name: string): string => join(paths.logs, `${name}.log`);

export interface ChildProcesses {
  /** The last line that a child wrote. */
  lastLine(name: string): string;
  /** How often in a row it has ended by itself soon after its start. */
  failures(name: string): number;
  readonly events: SuperviseEvents;
}

/**
 * Tracks the child processes of a `troupe up`. Those that run are written to the home's lock record, so that a later command can
 * end them if `troupe up` is killed.
 * @param line called with every line of theirs
 */
export function trackChildren(
  paths: HomePaths,
  say: (text: string) => void,
  line: ((child: string, text: string) => void) | undefined,
): ChildProcesses {
  const running: Record<string, ProcessId> = {};
  const last: Record<string, string> = {};
  const failed: Record<string, number> = {};
  return {
    lastLine: (name) => last[name] ?? 'it wrote nothing',
    failures: (name) => failed[name] ?? 0,
    events: {
      line: (name, text) => {
        last[name] = text;
        line?.(name, text);
      },
      started: (name, id) => {
        running[name] = id;
        try {
          updateLock(paths, { children: { ...running } });
        } catch (error) {
          say(`warning: ${(error as Error).message}; if \`troupe up\` is killed, end ${name} (pid ${id.pid}) yourself`);
        }
      },
      ended: (name, why, failures, delayMs) => {
        failed[name] = failures;
        // A killed process did not write why.
        const reason = last[name] === undefined || !why.startsWith('ended') ? '' : `; its last line: ${last[name]}`;
        if (failures === 1 || failures % 10 === 0) say(`${name} ${why}${reason}`);
        appendLog(childLog(paths, 'up'), `${name} ${why}; restart in ${delayMs} ms`);
      },
    },
  };
}
