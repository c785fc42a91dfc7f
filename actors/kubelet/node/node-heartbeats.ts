import { defer, merge, type Observable, timer } from 'rxjs';
import { filter, map } from 'rxjs/operators';
import type { Said } from '../../kernel/contract.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import type { RuntimeHealth } from './runtime-health.ts';

const HEARTBEAT_MS = 1000;
/** Heartbeats wait this long for the runtime's first answer: a node that is not ready loses the pods that do not tolerate it. */
const FIRST_ANSWER_MS = 3000;

/** Publishes a heartbeat every second, and at once when the node's readiness changes. @param podCount pods of the node */
export function nodeHeartbeats(
  world: KubeletWorld,
  node: string,
  health: RuntimeHealth,
  podCount: () => number,
): Observable<Said> {
  const heartbeat = (): Said => {
    const { ready, message } = health.current;
    const why = ready || message === undefined ? {} : { message };
    const beat = { node, sentAt: world.now(), runtimeReady: ready };
    return world.say.heartbeat({}, { ...beat, pods: podCount(), ...why });
  };
  return defer(() => {
    const until = world.now() + FIRST_ANSWER_MS;
    const ticks$ = timer(health.isUnanswered ? HEARTBEAT_MS : 0, HEARTBEAT_MS, world.scheduler).pipe(
      filter(() => !health.isUnanswered || world.now() >= until),
    );
    return merge(ticks$, health.changes$);
  }).pipe(map(heartbeat));
}
