import type { Node } from '../../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import { RUNTIME_UNANSWERED } from '../../../contracts/kinds/node/node.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import { describeNoNode, describeNotReady, isReady, type WorkerError } from './plan-status.ts';

/**
 * Has the node told of itself since then, or is it known that it cannot? That it is ready is written for a worker of an earlier
 * build before its engine has answered; then the other conditions are as old as they were. One that waits for its engine, and
 * has heard of nothing that is wrong with it, may be ready in a moment. Moments are whole seconds. Pure.
 */
export function hasReportedSince({ status }: Pick<Node, 'status'>, since: number): boolean {
  const isSince = (type: string): boolean =>
    parseRfc3339(conditionOf(status, type)?.lastHeartbeatTime) >= Math.floor(since / 1000) * 1000;
  const ready = conditionOf(status, 'Ready');
  return isSince(ready?.status === 'False' && ready.message !== RUNTIME_UNANSWERED ? 'Ready' : 'MemoryPressure');
}

/**
 * What is known to keep a node from being ready, some seconds after its worker was started; `undefined` when nothing is, as
 * when the worker itself needs longer. Pure.
 * @param node as the store tells of it
 * @param since milliseconds since the Unix epoch: what was written before is of an earlier start
 */
export function planNodeWarning(
  name: string,
  node: Node | undefined,
  word: WorkerError | undefined,
  since: number,
): string | undefined {
  const words = word === undefined ? [] : [word];
  if (node !== undefined && hasReportedSince(node, since))
    return isReady(node) ? undefined : describeNotReady(node, words);
  if (word === undefined) return undefined;
  return node === undefined
    ? describeNoNode(words)[0]
    : `node ${name} has not told of itself since it was started; its worker says: ${word.lastError}`;
}
