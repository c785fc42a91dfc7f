import type { Node } from '../../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import { RUNTIME_UNANSWERED } from '../../../contracts/kinds/node/node.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import { describeNoNode, describeNotReady, isReady, type WorkerError } from './plan-status.ts';

/**
 * Has the node reported its status since then, or that it cannot be ready? A worker of an older build writes Ready=True before its
 * engine has answered, while the other conditions keep their old heartbeat times: so MemoryPressure decides. Not ready decides at
 * once, unless the node only waits for the engine's first answer. Timestamps are whole seconds. Pure.
 */
export function hasReportedSince({ status }: Pick<Node, 'status'>, since: number): boolean {
  const isSince = (type: string): boolean =>
    parseRfc3339(conditionOf(status, type)?.lastHeartbeatTime) >= Math.floor(since / 1000) * 1000;
  const ready = conditionOf(status, 'Ready');
  return isSince(ready?.status === 'False' && ready.message !== RUNTIME_UNANSWERED ? 'Ready' : 'MemoryPressure');
}

/**
 * Why a node is not ready some seconds after its worker was started. Pure.
 * @param node  from the store
 * @param since milliseconds since the Unix epoch; an older status is from an earlier start
 * @returns `undefined` when no reason is known, for example because the worker needs longer
 */
export function planNodeWarning(
  name: string,
  node: Node | undefined,
  workerError: WorkerError | undefined,
  since: number,
): string | undefined {
  const errors = workerError === undefined ? [] : [workerError];
  if (node !== undefined && hasReportedSince(node, since))
    return isReady(node) ? undefined : describeNotReady(node, errors);
  if (workerError === undefined) return undefined;
  return node === undefined
    ? describeNoNode(errors)[0]
    : `node ${name} has not reported its status since it was started; its worker reports: ${workerError.lastError}`;
}
