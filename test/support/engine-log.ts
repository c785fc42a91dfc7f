import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LABEL } from '../../runtime-adapters/docker/labels.ts';
import { docker } from './docker.ts';

/** One thing that the engine did to a container of ours. */
export interface EngineEvent {
  /** `create`, `start`, `kill`, `die`, `destroy` ... */
  readonly action: string;
  readonly id: string;
  readonly podUid: string;
  readonly podName: string;
  /** The container's name in its pod; `sandbox` for the pod's sandbox. */
  readonly container: string;
  readonly attempt: string;
}

export interface EngineLog {
  readonly events: readonly EngineEvent[];
  /** Actions by pod uid, container and attempt that were seen more than once. */
  twice(action: string): readonly string[];
  stop(): void;
}

/** Follows what the engine does to the containers of a node, from now on. The engine itself forgets all but the last 256. */
export async function followEngine(node: string): Promise<EngineLog> {
  const events: EngineEvent[] = [];
  const stream = (await docker.getEvents({
    filters: JSON.stringify({ type: ['container'], label: [`${LABEL.node}=${node}`] }),
  })) as Readable;
  createInterface({ input: stream }).on('line', (line) => {
    const { Action, Actor } = JSON.parse(line) as {
      Action: string;
      Actor: { ID: string; Attributes: Record<string, string | undefined> };
    };
    const { Attributes: labels } = Actor;
    events.push({
      action: Action,
      id: Actor.ID,
      podUid: labels[LABEL.podUid] ?? '',
      podName: labels[LABEL.podName] ?? '',
      container: labels[LABEL.container] ?? labels[LABEL.kind] ?? '',
      attempt: labels[LABEL.attempt] ?? '',
    });
  });
  return {
    events,
    twice(action) {
      const seen = new Map<string, number>();
      for (const event of events) {
        if (event.action !== action) continue;
        const key = `${event.podName} (${event.podUid}) ${event.container} attempt ${event.attempt}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      return [...seen].filter(([, count]) => count > 1).map(([key, count]) => `${key}: ${count} times`);
    },
    stop: () => stream.destroy(),
  };
}
