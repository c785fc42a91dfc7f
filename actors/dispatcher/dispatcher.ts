import { from, merge, type Observable } from 'rxjs';
import { map, mergeMap } from 'rxjs/operators';
import { failure, StatusError } from '../../contracts/errors/status.ts';
import { isPlain } from '../../contracts/json-values.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { dispatchDigest } from '../../contracts/messages/dispatch-digest.ts';
import type { DispatchAnswer, DispatchedPod, DispatchQuery } from '../../contracts/messages/node.ts';
import { type Key, keyOfObject, parseKey } from '../../contracts/store/keys.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Call, Cell, Changed, Said } from '../kernel/contract.ts';
import { calls, defineActor, watch } from '../kernel/declare.ts';
import { DelayedStatuses } from './delayed-statuses.ts';
import { dispatchedPod } from './dispatched-pod.ts';
import { type DispatcherWorld, NodeMessages, says } from './node-messages.ts';
import { planBatches } from './plan-batches.ts';
import { isStatusAlone, type NodeChanges, planDispatch } from './plan-dispatch.ts';
import { buildPodIndex, type PodIndex, stepPodIndex } from './pod-index.ts';

/** Limits of one message; larger changes of a node become several. Half of the size of which boot warns, for other encodings. */
const MESSAGE_LIMITS = { pods: 50, bytes: 1024 * 1024 };
/** An answer may have many pods, so that it is rarely sent in parts. */
const ANSWER_LIMITS = { pods: 1000, bytes: MESSAGE_LIMITS.bytes };

/**
 * Sends each kubelet the pods of its node: one short message per node for a change of pods or of what they refer to, and
 * the whole list on request. A change costs what it touches, however large the cluster.
 */
export const dispatcher = defineActor({
  name: 'dispatcher',
  singleton: true,
  hears: {
    pods: watch('pods'),
    configMaps: watch('configmaps'),
    secrets: watch('secrets'),
    nodes: watch('nodes'),
    asks: calls(SUBJECTS.dispatch),
  },
  says,
  behave: (inputs, world): Observable<Said> => {
    const self = new Dispatcher(world);
    return merge(
      self.delayedStatuses(),
      inputs.pods.pipe(map((changes) => self.podsChanged(changes))),
      inputs.configMaps.pipe(map((changes) => self.referencesChanged(changes))),
      inputs.secrets.pipe(map((changes) => self.referencesChanged(changes))),
      inputs.nodes.pipe(map((changes) => self.nodesChanged(changes))),
      inputs.asks.pipe(map((call) => guarded(world, call, () => self.answer(call)))),
    ).pipe(mergeMap((messages) => from(messages)));
  },
});

class Dispatcher {
  readonly #world: DispatcherWorld;
  readonly #index: () => PodIndex;
  readonly #messages: NodeMessages;
  readonly #delayed: DelayedStatuses;
  /** Revision of the view when the nodes were notified of this dispatcher; -1 = not yet. */
  readonly #announcedAt: Cell<number>;
  /** Keys of the pods that were sent at this revision of the view. */
  #sent = { revision: -1, keys: new Set<Key>() };

  constructor(world: DispatcherWorld) {
    this.#world = world;
    this.#index = world.derived('pods', buildPodIndex, stepPodIndex);
    this.#announcedAt = world.cell<number>('announced', -1);
    this.#messages = new NodeMessages(world);
    this.#delayed = new DelayedStatuses(world);
  }

  podsChanged(changes: readonly Changed<Pod>[]): readonly Said[] {
    if (this.#announcedAt.get() < 0) return this.#announce();
    const sent = this.#sentNow();
    const urgent = changes.filter((change) => !isStatusAlone(change));
    if (urgent.length < changes.length) this.#delayed.delay(changes.filter(isStatusAlone));
    for (const { key } of urgent) sent.add(key);
    const byNode = planDispatch(urgent);
    const said = this.#sendAll(byNode);
    for (const node of byNode.keys()) this.#forgetIfGone(node);
    return said;
  }

  delayedStatuses(): Observable<readonly Said[]> {
    return this.#delayed.due().pipe(
      map((keys) => {
        const said = this.#resend(keys);
        for (const key of keys) this.#delayed.sent(key);
        return said;
      }),
    );
  }

  nodesChanged(changes: readonly Changed[]): readonly Said[] {
    if (this.#announcedAt.get() < 0) return this.#announce();
    for (const { name, after } of changes) if (after === undefined) this.#forgetIfGone(name);
    return [];
  }

  /** ConfigMaps or Secrets changed: the pods that refer to them are sent again. */
  referencesChanged(changes: readonly Changed[]): readonly Said[] {
    if (this.#announcedAt.get() < 0 || this.#announcedAt.get() === this.#world.view.revision) return [];
    const keys = new Set<Key>();
    const sent = this.#sentNow();
    for (const { key } of changes) {
      for (const pod of this.#index().byReference.get(key) ?? []) if (!sent.has(pod)) keys.add(pod);
    }
    for (const pod of keys) sent.add(pod);
    return this.#resend(keys);
  }

  /** Answers a kubelet's request for the whole list of its pods; without pods where its digest is the same. */
  answer(call: Call<DispatchQuery, { readonly node: string }>): readonly Said[] {
    if (call.tokens === undefined) {
      const message = `dispatch: ${call.subject} names no node; ask on dispatch.<node>`;
      return [this.#world.reply(call, failure('BadRequest', message))];
    }
    const node = call.tokens.node;
    let query: Partial<DispatchQuery> | undefined;
    try {
      query = call.decode();
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return [this.#world.reply(call, error.status)];
    }
    if (query !== undefined && !isPlain(query)) {
      const message = `dispatch: the request of node ${node} must be a map, {node, digest}, or empty`;
      return [this.#world.reply(call, failure('BadRequest', message))];
    }
    const pods = this.#dispatched(this.#pods(this.#index().byNode.get(node) ?? []));
    const digest = dispatchDigest(pods);
    const batches = query?.digest === digest ? [] : planBatches(pods, ANSWER_LIMITS);
    // Pods that do not fit into the answer are sent before it as updates; the answer then lists the uids of all.
    const ahead = batches.slice(0, -1).map((batch) => this.#messages.next(node, batch, []));
    const answer: DispatchAnswer = {
      ...this.#messages.position(node),
      digest,
      ...(batches.length === 0 ? {} : { pods: batches.at(-1) ?? [] }),
      ...(ahead.length === 0 ? {} : { listed: pods.map(({ pod }) => pod.metadata?.uid ?? '') }),
    };
    return [...ahead, this.#world.reply(call, answer)];
  }

  /**
   * Notifies all nodes that a new dispatcher leads. The first change of a fresh dispatcher brings every pod and node; the
   * kubelets have their pods already, so that each gets an empty message, and asks for its list with a digest. Nodes without
   * a pod too: a pod that they still run may have been deleted while no dispatcher led.
   */
  #announce(): readonly Said[] {
    this.#announcedAt.set(this.#world.view.revision);
    const names = this.#world.view.list('nodes').map(({ metadata }) => metadata?.name ?? '');
    const nodes = [...new Set([...names, ...this.#index().byNode.keys()])].sort();
    return nodes.flatMap((node) => this.#send(node, { changed: [], removed: [] }));
  }

  /** A pod that changed at the same revision as what it refers to is sent once. */
  #sentNow(): Set<Key> {
    const { revision } = this.#world.view;
    if (this.#sent.revision !== revision) this.#sent = { revision, keys: new Set() };
    return this.#sent.keys;
  }

  #forgetIfGone(node: string): void {
    if (this.#index().byNode.has(node) || this.#world.view.get('nodes', undefined, node) !== undefined) return;
    this.#messages.forget(node);
  }

  /** In key order: the order of an index depends on how it was built. */
  #pods(keys: Iterable<Key>): readonly Pod[] {
    return [...keys].sort().flatMap((key) => {
      const parts = parseKey(key);
      const pod = parts && this.#world.view.get('pods', parts.namespace, parts.name);
      return pod === undefined ? [] : [pod];
    });
  }
  #dispatched(pods: readonly Pod[]): readonly DispatchedPod[] {
    return pods.map((pod) => dispatchedPod(pod, this.#world.view));
  }

  #resend(keys: Iterable<Key>): readonly Said[] {
    return this.#sendAll(planDispatch(this.#pods(keys).map((pod) => ({ before: pod, after: pod }))));
  }
  #sendAll(byNode: ReadonlyMap<string, NodeChanges>): readonly Said[] {
    return [...byNode].flatMap(([node, changes]) => this.#send(node, changes));
  }
  #send(node: string, { changed, removed }: NodeChanges): readonly Said[] {
    for (const pod of changed) this.#delayed.sent(keyOfObject('pods', pod));
    const batches = planBatches(this.#dispatched(changed), MESSAGE_LIMITS);
    return batches.map((batch, at) => this.#messages.next(node, batch, at === 0 ? removed : []));
  }
}

/** A request that cannot be parsed is reported and refused; it does not stop the dispatcher. */
function guarded(world: DispatcherWorld, call: Call<unknown, unknown>, answer: () => readonly Said[]): readonly Said[] {
  try {
    return answer();
  } catch (error) {
    world.report(call.subject, error);
    const found = error instanceof Error ? error.message : String(error);
    return [world.reply(call as Call, failure('BadRequest', `dispatch: the request cannot be parsed: ${found}`))];
  }
}
