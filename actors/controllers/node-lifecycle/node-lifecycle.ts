import { from, interval, merge } from 'rxjs';
import { map, mergeMap } from 'rxjs/operators';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { isTrue } from '../../../contracts/kinds/meta/conditions.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Changed } from '../../kernel/contract.ts';
import { type ActorDefinition, defineActor, latest, watch } from '../../kernel/declare.ts';
import { coalesceByKey } from '../../kernel/reconcile/coalesce-by-key.ts';
import { heartbeatOf } from './heartbeat-monitor.ts';
import { NodeMonitor } from './node-monitor.ts';
import { nodeEvent, SAYS } from './node-requests.ts';
import { nodeNote } from './plan-ready-condition.ts';

export interface NodeLifecycleConfig {
  /** Seconds without a heartbeat after which a node counts as unreachable. */
  readonly graceSeconds: number;
  /** Seconds for which pods bound to a node that does not exist are left alone: the node may register again. */
  readonly quarantineSeconds: number;
  /** Interval at which all nodes are checked. */
  readonly tickMs: number;
}
export const NODE_LIFECYCLE_DEFAULTS: NodeLifecycleConfig = { graceSeconds: 40, quarantineSeconds: 40, tickMs: 2000 };

/** Nodes that are synced at the same time. */
const NODES_AT_ONCE = 16;

/** Sets each node's Ready condition from its heartbeats, taints unhealthy nodes, and evicts pods from them. */
export const nodeLifecycle = (config: NodeLifecycleConfig = NODE_LIFECYCLE_DEFAULTS): ActorDefinition =>
  defineActor({
    name: 'node-lifecycle',
    singleton: true,
    hears: {
      nodes: watch('nodes'),
      pods: watch('pods', { concerns: isBoundOrEdited }),
      beats: latest(SUBJECTS.heartbeat, { everyMs: 1000 }),
    },
    says: SAYS,
    config: { ...config },
    behave: (inputs, world) => {
      const monitor = new NodeMonitor(world, {
        graceMs: config.graceSeconds * 1000,
        quarantineMs: config.quarantineSeconds * 1000,
        tickMs: config.tickMs,
      });
      const ticks$ = interval(config.tickMs, world.scheduler).pipe(map(() => monitor.checkAll()));
      const beats$ = inputs.beats.pipe(map((beats) => monitor.heartbeats(beats.flatMap(heartbeatOf))));
      const nodes$ = inputs.nodes.pipe(
        map((changes) => {
          monitor.trackNodes();
          return changes.map(({ name }) => name);
        }),
      );
      const pods$ = inputs.pods.pipe(
        map((changes) => monitor.podsChanged(changes.flatMap(({ after }) => after ?? []))),
      );
      const recovered$ = inputs.nodes.pipe(
        mergeMap((changes) => changes.flatMap((change) => (isRecovery(change) ? (change.after ?? []) : []))),
        map((node) => nodeEvent(world, node, nodeNote(node, 'ready'))),
      );
      const synced$ = merge(nodes$, pods$, beats$, ticks$).pipe(
        mergeMap((names) => from(names)),
        coalesceByKey((name: string) => monitor.sync(name), NODES_AT_ONCE),
      );
      return merge(recovered$, synced$);
    },
  });

/** Did a node become ready? Its kubelet may have written the condition before its heartbeat arrived here. */
const isRecovery = ({ before, after }: Changed<Node>): boolean =>
  before !== undefined && !isTrue(before.status, 'Ready') && isTrue(after?.status, 'Ready');

/** Was a pod bound, or was the spec of a bound pod changed (its tolerations)? */
function isBoundOrEdited({ before, after }: Changed<Pod>): boolean {
  return (after?.spec?.nodeName ?? '') !== '' && !sameJson(before?.spec, after?.spec);
}
