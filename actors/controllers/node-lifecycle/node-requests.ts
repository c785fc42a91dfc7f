import { type EventNote, makeEvent } from '../../../contracts/kinds/event/make-event.ts';
import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { Said, World } from '../../kernel/contract.ts';
import { api, apiForMetadata } from '../../kernel/declare.ts';
import { nameOf, namespaceOf, onlyThis, targetOf } from '../shared/object-meta.ts';
import type { NodeEffect } from './plan-node-health.ts';

/** What the node lifecycle controller may send. */
export const SAYS = {
  condition: apiForMetadata('patch', 'nodes/status'),
  taint: apiForMetadata('patch', 'nodes'),
  evict: api('delete', 'pods'),
  podStatus: apiForMetadata('patch', 'pods/status'),
  event: api('create', 'events'),
};
export type NodeWorld = World<typeof SAYS>;

/** A patch replaces the whole list of conditions or taints, so it names the resourceVersion that it was planned for. */
export function patchNode(world: NodeWorld, node: Node, effect: NodeEffect): Said<unknown> {
  const { name, resourceVersion } = node.metadata ?? {};
  return effect.type === 'conditions'
    ? world.say.condition({ name }, { metadata: { resourceVersion }, status: { conditions: effect.conditions } })
    : world.say.taint({ name }, { metadata: { resourceVersion }, spec: { taints: effect.taints } });
}

/** Deletes a pod. @param graceSeconds absent = the pod's own grace period */
export const evictPod = (world: NodeWorld, pod: Pod, graceSeconds?: number): Said<unknown> =>
  world.say.evict(targetOf(pod), {
    ...onlyThis(pod),
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
  });

/** Sets a pod's Ready condition to False. Its kubelet sets it again once it is back. */
export function markPodNotReady(world: NodeWorld, pod: Pod): Said<unknown> {
  const { name, namespace, resourceVersion } = pod.metadata ?? {};
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready'
      ? { ...condition, status: 'False', reason: 'NodeNotReady', lastTransitionTime: rfc3339(world.now()) }
      : condition,
  );
  return world.say.podStatus({ namespace, name }, { metadata: { resourceVersion }, status: { conditions } });
}

export const nodeEvent = (world: NodeWorld, node: Node, note: EventNote): Said<unknown> =>
  world.say.event({ namespace: 'default' }, makeEvent(node, note, 'node-controller', world.now()));

export function evictionEvent(world: NodeWorld, pod: Pod): Said<unknown> {
  const note = {
    type: 'Normal',
    reason: 'TaintManagerEviction',
    message: `Marking for deletion Pod ${namespaceOf(pod)}/${nameOf(pod)}`,
  } as const;
  return world.say.event(
    { namespace: namespaceOf(pod) },
    makeEvent(pod, note, 'taint-eviction-controller', world.now()),
  );
}
