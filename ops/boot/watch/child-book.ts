import { join } from 'node:path';
import { appendLog } from '../home/append-log.ts';
import type { HomePaths } from '../home/home.ts';
import { updateLock } from '../home/lock.ts';
import type { ProcessId } from './processes.ts';
import type { SuperviseEvents } from './supervise.ts';

export const childLog = (paths: HomePaths, name: string): string => join(paths.logs, `${name}.log`);

export interface ChildBook {
  /** What a child wrote last. */
  lastWords(name: string): string;
  /** How often in a row it has ended by itself, soon after its start. */
  failures(name: string): number;
  readonly events: SuperviseEvents;
}

/**
 * The children of a `troupe up`: those that run now are kept with the home's holder, so that a later command can end them.
 * @param line every line of theirs
 */
export function childBook(
  paths: HomePaths,
  say: (text: string) => void,
  line: ((child: string, text: string) => void) | undefined,
): ChildBook {
  const running: Record<string, ProcessId> = {};
  const last: Record<string, string> = {};
  const failed: Record<string, number> = {};
  return {
    lastWords: (name) => last[name] ?? 'it wrote nothing',
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
          say(
            `warning: ${(error as Error).message}; should \`troupe up\` be killed, end ${name} (pid ${id.pid}) yourself`,
          );
        }
      },
      ended: (name, why, failures, delayMs) => {
        failed[name] = failures;
        // Whoever was killed had no last words.
        const said = last[name] === undefined || !why.startsWith('ended') ? '' : `; it said: ${last[name]}`;
        if (failures === 1 || failures % 10 === 0) say(`${name} ${why}${said}`);
        appendLog(childLog(paths, 'up'), `${name} ${why}; again in ${delayMs} ms`);
      },
    },
  };
}
