import { concat, defer, EMPTY, from, interval, merge, type Observable } from 'rxjs';
import { catchError, map, mergeMap } from 'rxjs/operators';
import { retryOf } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import { own } from '../../../contracts/json-values.ts';
import { type EventNote, makeEvent } from '../../../contracts/kinds/event/make-event.ts';
import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, isTrue } from '../../../contracts/kinds/meta/conditions.ts';
import type { NodeHeartbeat } from '../../../contracts/messages/node.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { Changed, Millis, Said, World } from '../../kernel/contract.ts';
import { type ActorDefinition, api, apiForMetadata, defineActor, latest, watch } from '../../kernel/declare.ts';
import { coalesceByKey } from '../../kernel/reconcile/coalesce-by-key.ts';
import { askInTurn, askTogether } from '../../kernel/reconcile/request-batches.ts';
import { grouped, inKeyOrder } from '../shared/grouped.ts';
import { isTerminating, nameOf, namespaceOf, onlyThis, targetOf } from '../shared/owner.ts';
import { readySince } from '../shared/pod-state.ts';
import { heartbeatBook, heartbeatOf } from './heartbeat-book.ts';
import { evictionAt } from './plan-eviction.ts';
import { type NodeEffect, type NodePlan, nodeNote, planNodeHealth } from './plan-node-health.ts';

export interface NodeLifecycleConfig {
  /** Seconds without a heartbeat after which a node counts as unreachable. */
  readonly graceSeconds: number;
  /** Seconds for which pods of a node that is no longer there are left alone: it may register again. */
  readonly quarantineSeconds: number;
  /** How often clocks are looked at. */
  readonly tickMs: number;
}
export const NODE_LIFECYCLE_DEFAULTS: NodeLifecycleConfig = { graceSeconds: 40, quarantineSeconds: 40, tickMs: 2000 };

const COMPONENT = 'node-controller';
const NODES_AT_ONCE = 16;

const says = {
  condition: apiForMetadata('patch', 'nodes/status'),
  taint: apiForMetadata('patch', 'nodes'),
  evict: api('delete', 'pods'),
  podStatus: apiForMetadata('patch', 'pods/status'),
  event: api('create', 'events'),
};
type NodeWorld = World<typeof says>;

/** Since when a node that pods are bound to is missing. */
type Missing = { readonly [node: string]: Millis };

/** Tells by their heartbeats which nodes live, taints those that don't, and takes pods off them. */
export const nodeLifecycle = (config: NodeLifecycleConfig = NODE_LIFECYCLE_DEFAULTS): ActorDefinition =>
  defineActor({
    name: 'node-lifecycle',
    singleton: true,
    hears: {
      nodes: watch('nodes'),
      pods: watch('pods', { concerns: isBoundOtherwise }),
      beats: latest(SUBJECTS.heartbeat, { everyMs: 1000 }),
    },
    says,
    config: { ...config },
    behave: (inputs, world) => {
      const ward = makeWard(world, config);
      const ticks$ = interval(config.tickMs, world.scheduler).pipe(map(() => ward.look()));
      const beats$ = inputs.beats.pipe(map((beats) => ward.hear(beats.flatMap(heartbeatOf))));
      const nodes$ = inputs.nodes.pipe(
        map((changes) => {
          ward.meet();
          return changes.map(({ name }) => name);
        }),
      );
      const pods$ = inputs.pods.pipe(map((changes) => ward.bound(changes.flatMap(({ after }) => after ?? []))));
      const recovered$ = inputs.nodes.pipe(
        mergeMap((changes) => changes.flatMap((change) => (isRecovery(change) ? (change.after ?? []) : []))),
        map((node) => nodeEvent(world, node, nodeNote(node, 'ready'))),
      );
      const cared$ = merge(nodes$, pods$, beats$, ticks$).pipe(
        mergeMap((names) => from(names)),
        coalesceByKey((name: string) => ward.care(name), NODES_AT_ONCE),
      );
      return merge(recovered$, cared$);
    },
  });

/** Is a node ready again? Its kubelet may have written that before its heartbeat was heard here. */
const isRecovery = ({ before, after }: Changed<Node>): boolean =>
  before !== undefined && !isTrue(before.status, 'Ready') && isTrue(after?.status, 'Ready');

/** Was a pod bound, or what it tolerates changed? */
function isBoundOtherwise({ before, after }: Changed<Pod>): boolean {
  return (after?.spec?.nodeName ?? '') !== '' && !sameJson(before?.spec, after?.spec);
}

/** Bound pods by the name of their node. */
const podsByNode = grouped<Pod>('pods', ({ spec }) => (spec?.nodeName === '' ? undefined : spec?.nodeName));

function makeWard(world: NodeWorld, config: NodeLifecycleConfig) {
  const graceMs = config.graceSeconds * 1000;
  const { meet, healthOf, whyOf, hear } = heartbeatBook(world, graceMs, config.tickMs + graceMs / 4);
  const missing = world.cell<Missing>('missing', {});
  const pods = world.derived('pods', podsByNode.build, podsByNode.step);
  /** Every node silent: more likely we are deaf. As Kubernetes' full disruption: nobody is evicted then. */
  const evicting = (): boolean =>
    world.view.list('nodes').some((node) => ['ready', 'not-ready'].includes(healthOf(nameOf(node)) ?? ''));

  const plan = (node: Node, mayEvict: boolean): NodePlan => {
    // One that was not heard of yet is ready if its kubelet wrote so: a new node need not wait for its first heartbeat.
    const health = healthOf(nameOf(node)) ?? (isTrue(node.status, 'Ready') ? 'ready' : undefined);
    return health === undefined
      ? { effects: [], notes: [] }
      : planNodeHealth(node, health, mayEvict, world.now(), whyOf(nameOf(node)));
  };
  const evictions = (node: Node, mayEvict: boolean): readonly Pod[] => {
    const taints = node.spec?.taints ?? [];
    if (!mayEvict || !taints.some(({ effect }) => effect === 'NoExecute')) return [];
    const here = inKeyOrder(pods().get(nameOf(node)));
    return here.filter(
      (pod) => !isTerminating(pod) && (evictionAt(pod, taints) ?? Number.POSITIVE_INFINITY) <= world.now(),
    );
  };
  /** Pods that still count as ready though nobody hears of their node; also while nobody is evicted, as in Kubernetes. */
  const unheard = (node: Node): readonly Pod[] => {
    const ready = conditionOf(node.status, 'Ready')?.status;
    if (ready !== 'Unknown' || healthOf(nameOf(node)) !== 'unknown') return [];
    return inKeyOrder(pods().get(nameOf(node))).filter((pod) => !isTerminating(pod) && readySince(pod) !== undefined);
  };
  /** Pods whose node is gone, and did not come back within the quarantine. */
  const homeless = (name: string): readonly Pod[] => {
    const since = own(missing.get(), name);
    return since === undefined || world.now() - since < config.quarantineSeconds * 1000
      ? []
      : inKeyOrder(pods().get(name));
  };
  /** Versions of nodes that need nothing while their health is this: a node in order is looked at in no time. */
  const inOrder = new WeakMap<Node, string>();
  const needsCare = (node: Node, mayEvict: boolean): boolean => {
    const state = `${healthOf(nameOf(node)) ?? ''} ${mayEvict} ${whyOf(nameOf(node)) ?? ''}`;
    if (inOrder.get(node) !== state) {
      if (plan(node, mayEvict).effects.length > 0) return true;
      inOrder.set(node, state);
    }
    return evictions(node, mayEvict).length > 0;
  };
  const thoseInNeed = (names: readonly string[]): readonly string[] => {
    const mayEvict = evicting();
    return names.filter((name) => {
      const node = world.view.get('nodes', undefined, name);
      return node !== undefined && needsCare(node, mayEvict);
    });
  };

  const noteMissing = (): void => {
    const known = missing.get();
    const gone = [...pods().keys()].filter((name) => world.view.get('nodes', undefined, name) === undefined).sort();
    if (gone.length === 0 && Object.keys(known).length === 0) return;
    missing.set(Object.fromEntries(gone.map((name) => [name, own(known, name) ?? world.now()])));
  };

  return {
    meet,
    /** @returns nodes that need care now */
    look(): readonly string[] {
      meet();
      noteMissing();
      const nodes = world.view.list('nodes');
      const sick = new Set(thoseInNeed(nodes.map(nameOf)));
      // Told already when the node fell silent, but a pod whose status somebody wrote just then was not.
      for (const node of nodes) if (unheard(node).length > 0) sick.add(nameOf(node));
      return [...sick, ...Object.keys(missing.get()).filter((name) => homeless(name).length > 0)];
    },
    /** @returns nodes that are not as they were when last heard of; what else a node needs, its own changes and `look` tell */
    hear: (heard: readonly NodeHeartbeat[]): readonly string[] => thoseInNeed(hear(heard)),
    /** @returns nodes whose taints may drive out what was just bound or changed there */
    bound(changed: readonly Pod[]): readonly string[] {
      return thoseInNeed([...new Set(changed.flatMap(({ spec }) => spec?.nodeName ?? []))]);
    },
    care(name: string): Observable<Said<unknown>> {
      return defer(() => {
        const node = world.view.get('nodes', undefined, name);
        if (node === undefined) {
          return askTogether(
            world,
            homeless(name).map((pod) => evict(world, pod, 0)),
          );
        }
        const mayEvict = evicting();
        const { effects, notes } = plan(node, mayEvict);
        const leaving = evictions(node, mayEvict);
        const silent = unheard(node).filter((pod) => !leaving.includes(pod));
        // One patch a run: it carries the version that was seen, and the change it makes brings the next run.
        const patches = effects.slice(0, 1).map((effect) => ({
          ask: patchNode(world, node, effect),
          granted: notes.map((note) => nodeEvent(world, node, note)),
        }));
        const evictedPods = leaving.map((pod) => ({ ask: evict(world, pod), granted: [evictionEvent(world, pod)] }));
        return concat(
          askInTurn(world, patches),
          askTogether(world, [...silent.map((pod) => notReady(world, pod)), ...evictedPods]),
        );
      }).pipe(
        catchError((error: unknown) => {
          // The next tick looks again, so a lost race needs no retry of its own.
          if (retryOf(error) !== 'reread') world.report(name, error);
          return EMPTY;
        }),
      );
    },
  };
}

/** Conditions and taints are lists that a patch replaces: only if the node is still as it was seen. */
function patchNode(world: NodeWorld, node: Node, effect: NodeEffect): Said<unknown> {
  const { name, resourceVersion } = node.metadata ?? {};
  return effect.type === 'conditions'
    ? world.say.condition({ name }, { metadata: { resourceVersion }, status: { conditions: effect.conditions } })
    : world.say.taint({ name }, { metadata: { resourceVersion }, spec: { taints: effect.taints } });
}

/** @param graceSeconds absent = as the pod says */
const evict = (world: NodeWorld, pod: Pod, graceSeconds?: number): Said<unknown> =>
  world.say.evict(targetOf(pod), {
    ...onlyThis(pod),
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
  });

/** Its kubelet says otherwise as soon as it is back. */
function notReady(world: NodeWorld, pod: Pod): Said<unknown> {
  const { name, namespace, resourceVersion } = pod.metadata ?? {};
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready'
      ? { ...condition, status: 'False', reason: 'NodeNotReady', lastTransitionTime: rfc3339(world.now()) }
      : condition,
  );
  return world.say.podStatus({ namespace, name }, { metadata: { resourceVersion }, status: { conditions } });
}

const nodeEvent = (world: NodeWorld, node: Node, note: EventNote): Said<unknown> =>
  world.say.event({ namespace: 'default' }, makeEvent(node, note, COMPONENT, world.now()));

function evictionEvent(world: NodeWorld, pod: Pod): Said<unknown> {
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
