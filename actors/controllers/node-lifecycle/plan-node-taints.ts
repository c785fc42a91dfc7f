import type { Node, Taint } from '../../../contracts/kinds/kinds.ts';
import { isTrue } from '../../../contracts/kinds/meta/conditions.ts';
import { NOT_READY, UNREACHABLE } from '../../../contracts/kinds/node/node.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { Health } from './plan-ready-condition.ts';

/** Conditions that taint a node with NoSchedule while they are True. */
const TAINT_OF_CONDITION: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};

const isManaged = ({ key }: Taint): boolean =>
  key === UNREACHABLE || key === NOT_READY || Object.values(TAINT_OF_CONDITION).includes(key);

/**
 * Decides a node's taints. Pure. Taints that this controller does not manage come first and stay, but a NoExecute taint
 * without `timeAdded` gets one; managed taints keep theirs.
 * @param mayEvict whether an unhealthy node gets a NoExecute taint
 */
export function planNodeTaints(node: Node, health: Health, mayEvict: boolean, now: number): readonly Taint[] {
  const current = node.spec?.taints ?? [];
  const unmanaged = current.filter((taint) => !isManaged(taint)).map((taint) => withTimeAdded(taint, now));
  const managed = managedTaints(node, health, mayEvict).map(({ key, effect }) => {
    const existing = current.find((taint) => taint.key === key && taint.effect === effect);
    return existing ?? withTimeAdded({ key, effect }, now);
  });
  return [...unmanaged, ...managed];
}

function managedTaints(node: Node, health: Health, mayEvict: boolean): readonly Taint[] {
  const taints: Taint[] = [];
  if (health !== 'ready') {
    const key = health === 'unknown' ? UNREACHABLE : NOT_READY;
    taints.push({ key, effect: 'NoSchedule' });
    if (mayEvict) taints.push({ key, effect: 'NoExecute' });
  }
  for (const [type, key] of Object.entries(TAINT_OF_CONDITION)) {
    if (isTrue(node.status, type)) taints.push({ key, effect: 'NoSchedule' });
  }
  return taints;
}

/** Tolerations with `tolerationSeconds` count from `timeAdded`. */
const withTimeAdded = (taint: Taint, now: number): Taint =>
  taint.effect === 'NoExecute' && taint.timeAdded === undefined ? { ...taint, timeAdded: rfc3339(now) } : taint;
