import { failure, type Status, StatusError, statusError } from '../../contracts/errors/status.ts';
import { isPlain } from '../../contracts/json-values.ts';
import type { LogQuery } from '../../contracts/messages/logs.ts';
import type { NodeUsage } from '../../contracts/messages/metrics.ts';
import type { NodePods } from '../../contracts/messages/node.ts';

/** Parses a dispatcher's update of the node's pods. @throws StatusError BadRequest */
export function podsMessage(body: unknown): NodePods {
  const right =
    isPlain(body) &&
    Number.isSafeInteger(body['epoch']) &&
    Number.isSafeInteger(body['counter']) &&
    Array.isArray(body['changed']) &&
    body['changed'].every((each) => isPlain(each) && isPlain(each['pod']) && isPlain(each['pod']['metadata'])) &&
    Array.isArray(body['removed']) &&
    body['removed'].every((each) => isPlain(each) && typeof each['uid'] === 'string');
  if (!right)
    throw statusError('BadRequest', 'node pods: expected {epoch, counter, changed: [{pod}], removed: [{uid}]}');
  return body as unknown as NodePods;
}

/** Parses a usage sample. @throws StatusError BadRequest */
export function usageMessage(body: unknown): NodeUsage {
  const right =
    isPlain(body) &&
    ['memory', 'pids', 'nodefs', 'imagefs'].every((part) => isPlain(body[part])) &&
    Array.isArray(body['containers']) &&
    body['containers'].every((each) => isPlain(each) && isPlain(each['pod'])) &&
    Array.isArray(body['volumes']) &&
    body['volumes'].every(isPlain);
  if (!right)
    throw statusError('BadRequest', 'metrics: expected {memory, pids, nodefs, imagefs, containers: [{pod}], volumes}');
  return body as unknown as NodeUsage;
}

/** Parses a request for a container's log. @throws StatusError BadRequest */
export function logQuery(body: unknown): LogQuery {
  if (!isPlain(body) || typeof body['namespace'] !== 'string' || typeof body['pod'] !== 'string')
    throw statusError('BadRequest', 'logs: expected at least {namespace, pod}');
  return body as unknown as LogQuery;
}

/** The Status that answers a request which failed. */
export const failureOf = (error: unknown): Status =>
  error instanceof StatusError
    ? error.status
    : failure('BadRequest', `the message can't be read: ${error instanceof Error ? error.message : String(error)}`);
