import { concat, defer, EMPTY, type Observable } from 'rxjs';
import { catchError } from 'rxjs/operators';
import { retryOf } from '../../../contracts/errors/status.ts';
import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, isTrue } from '../../../contracts/kinds/meta/conditions.ts';
import type { NodeHeartbeat } from '../../../contracts/messages/node.ts';
import type { Said } from '../../kernel/contract.ts';
import { askInTurn, askTogether } from '../../kernel/reconcile/request-batches.ts';
import { groupIndex, inKeyOrder } from '../shared/group-index.ts';
import { isTerminating, nameOf } from '../shared/object-meta.ts';
import { readySince } from '../shared/pod-availability.ts';
import { HeartbeatMonitor } from './heartbeat-monitor.ts';
import { MissingNodes } from './missing-nodes.ts';
import { evictionEvent, evictPod, markPodNotReady, type NodeWorld, nodeEvent, patchNode } from './node-requests.ts';
import { evictionAt } from './plan-eviction.ts';
import { type NodePlan, planNodeHealth } from './plan-node-health.ts';

/** Bound pods by the name of their node. */
const podsByNode = groupIndex<Pod>('pods', ({ spec }) => (spec?.nodeName === '' ? undefined : spec?.nodeName));

/** Milliseconds; see `NodeLifecycleConfig`. */
export interface MonitorTimes {
  readonly graceMs: number;
  readonly quarantineMs: number;
  readonly tickMs: number;
}

/** Finds out which nodes need a change of their condition, their taints or their pods, and makes it. */
export class NodeMonitor {
  readonly #world: NodeWorld;
  readonly #heartbeats: HeartbeatMonitor;
  readonly #missing: MissingNodes;
  readonly #pods: () => ReturnType<typeof podsByNode.build>;
  /** Versions of nodes that need no change, with the health for which that holds: checking them again costs nothing. */
  readonly #unchanged = new WeakMap<Node, string>();

  constructor(world: NodeWorld, { graceMs, quarantineMs, tickMs }: MonitorTimes) {
    this.#world = world;
    this.#heartbeats = new HeartbeatMonitor(world, graceMs, tickMs + graceMs / 4);
    this.#missing = new MissingNodes(world, quarantineMs);
    this.#pods = world.derived('pods', podsByNode.build, podsByNode.step);
  }

  trackNodes(): void {
    this.#heartbeats.trackNodes();
  }

  /** @returns names of all nodes that need a sync now */
  checkAll(): readonly string[] {
    this.trackNodes();
    this.#missing.update(this.#pods().keys());
    const nodes = this.#world.view.list('nodes');
    const names = new Set(this.#needingSync(nodes.map(nameOf)));
    // Pods are marked when their node stops reporting; one whose status was written just then may have been missed.
    for (const node of nodes) if (this.#podsToMarkNotReady(node).length > 0) names.add(nameOf(node));
    return [...names, ...this.#missing.names.filter((name) => this.#podsOfGoneNode(name).length > 0)];
  }

  /** @returns names of the nodes whose health changed; `checkAll` and changes of a node find what else it needs */
  heartbeats(received: readonly NodeHeartbeat[]): readonly string[] {
    return this.#needingSync(this.#heartbeats.receive(received));
  }

  /** @returns names of the nodes that may have to evict one of these pods */
  podsChanged(pods: readonly Pod[]): readonly string[] {
    return this.#needingSync([...new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []))]);
  }

  /** Makes the changes that a node needs now. */
  sync(name: string): Observable<Said<unknown>> {
    return defer(() => {
      const node = this.#world.view.get('nodes', undefined, name);
      return node === undefined ? this.#deletePodsOfGoneNode(name) : this.#syncNode(node);
    }).pipe(
      catchError((error: unknown) => {
        // The next tick checks again, so a conflict needs no retry of its own.
        if (retryOf(error) !== 'reread') this.#world.report(name, error);
        return EMPTY;
      }),
    );
  }

  #syncNode(node: Node): Observable<Said<unknown>> {
    const world = this.#world;
    const mayEvict = this.#mayEvict();
    const { effects, notes } = this.#plan(node, mayEvict);
    const evicted = this.#podsToEvict(node, mayEvict);
    const notReady = this.#podsToMarkNotReady(node).filter((pod) => !evicted.includes(pod));
    // One patch per run: it names the version that was planned for, and the change that it makes starts the next run.
    const patches = effects.slice(0, 1).map((effect) => ({
      ask: patchNode(world, node, effect),
      granted: notes.map((note) => nodeEvent(world, node, note)),
    }));
    const evictions = evicted.map((pod) => ({ ask: evictPod(world, pod), granted: [evictionEvent(world, pod)] }));
    return concat(
      askInTurn(world, patches),
      askTogether(world, [...notReady.map((pod) => markPodNotReady(world, pod)), ...evictions]),
    );
  }

  #deletePodsOfGoneNode(name: string): Observable<Said<unknown>> {
    return askTogether(
      this.#world,
      this.#podsOfGoneNode(name).map((pod) => evictPod(this.#world, pod, 0)),
    );
  }

  /**
   * False while no node reports: then more likely this process is cut off than every node, and no pod is evicted, as in
   * Kubernetes' full disruption mode.
   */
  #mayEvict(): boolean {
    return this.#world.view
      .list('nodes')
      .some((node) => ['ready', 'not-ready'].includes(this.#heartbeats.healthOf(nameOf(node)) ?? ''));
  }

  #plan(node: Node, mayEvict: boolean): NodePlan {
    const name = nameOf(node);
    // Before its first heartbeat, a node is ready if its kubelet wrote so: a new node need not wait for a heartbeat.
    const health = this.#heartbeats.healthOf(name) ?? (isTrue(node.status, 'Ready') ? 'ready' : undefined);
    if (health === undefined) return { effects: [], notes: [] };
    return planNodeHealth(node, health, mayEvict, this.#world.now(), this.#heartbeats.messageOf(name));
  }

  #podsToEvict(node: Node, mayEvict: boolean): readonly Pod[] {
    const taints = node.spec?.taints ?? [];
    if (!mayEvict || !taints.some(({ effect }) => effect === 'NoExecute')) return [];
    const now = this.#world.now();
    return inKeyOrder(this.#pods().get(nameOf(node))).filter(
      (pod) => !isTerminating(pod) && (evictionAt(pod, taints) ?? Number.POSITIVE_INFINITY) <= now,
    );
  }

  /** Pods that count as ready though their node does not report; also while no pod may be evicted, as in Kubernetes. */
  #podsToMarkNotReady(node: Node): readonly Pod[] {
    const ready = conditionOf(node.status, 'Ready')?.status;
    if (ready !== 'Unknown' || this.#heartbeats.healthOf(nameOf(node)) !== 'unknown') return [];
    return inKeyOrder(this.#pods().get(nameOf(node))).filter(
      (pod) => !isTerminating(pod) && readySince(pod) !== undefined,
    );
  }

  #podsOfGoneNode(name: string): readonly Pod[] {
    return this.#missing.isGone(name) ? inKeyOrder(this.#pods().get(name)) : [];
  }

  #needingSync(names: readonly string[]): readonly string[] {
    const mayEvict = this.#mayEvict();
    return names.filter((name) => {
      const node = this.#world.view.get('nodes', undefined, name);
      return node !== undefined && this.#needsSync(node, mayEvict);
    });
  }

  #needsSync(node: Node, mayEvict: boolean): boolean {
    const name = nameOf(node);
    const health = `${this.#heartbeats.healthOf(name) ?? ''} ${mayEvict} ${this.#heartbeats.messageOf(name) ?? ''}`;
    if (this.#unchanged.get(node) !== health) {
      if (this.#plan(node, mayEvict).effects.length > 0) return true;
      this.#unchanged.set(node, health);
    }
    return this.#podsToEvict(node, mayEvict).length > 0;
  }
}
