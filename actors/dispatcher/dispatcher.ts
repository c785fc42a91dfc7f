import { EMPTY, from, merge, type Observable, of, Subject, timer } from 'rxjs';
import { map, mergeMap, switchMap } from 'rxjs/operators';
import { failure, StatusError } from '../../contracts/errors/status.ts';
import { isPlain } from '../../contracts/json-values.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { dispatchDigest } from '../../contracts/messages/dispatch-digest.ts';
import {
  type DispatchAnswer,
  type DispatchedPod,
  type DispatchQuery,
  type NodePods,
  STATUS_NEWS_MS,
} from '../../contracts/messages/node.ts';
import { type Key, keyOfObject, parseKey } from '../../contracts/store/keys.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Call, Cell, Changed, Said, World } from '../kernel/contract.ts';
import { calls, defineActor, publish, watch } from '../kernel/declare.ts';
import { dispatchedPod } from './dispatched-pod.ts';
import { planBatches } from './plan-batches.ts';
import { isStatusAlone, type NodeNews, planDispatch } from './plan-dispatch.ts';
import { buildPodIndex, type PodIndex, stepPodIndex } from './pod-index.ts';

/** Of a message; a large change to one node goes out as several. Half of what boot warns below, for other encodings. */
const BYTES_MOST = 1024 * 1024;
const PODS_MOST = 50;
/** An answer is rather long than in parts. */
const ANSWERED_PODS_MOST = 1000;
/** How the names of the cells begin that say of which pods only the status is still to be told. */
const LATE = 'late/';

const says = { tell: publish(SUBJECTS.nodePods) };
type DispatcherWorld = World<typeof says>;

class Desk {
  readonly #world: DispatcherWorld;
  readonly #index: () => PodIndex;
  /** Revision of the view when the nodes were told that a new dispatcher speaks; -1 = not yet. */
  readonly #announced: Cell<number>;
  /** When this dispatcher began; 0 = it has not spoken yet. */
  readonly #begunAt: Cell<number>;
  /** The highest count of a node that is gone: one of its name begins above. */
  readonly #floor: Cell<number>;

  /** When statuses are told; 0 = none waits. */
  readonly #lateAt: Cell<number>;
  readonly #armed = new Subject<void>();

  #told = { revision: -1, keys: new Set<Key>() };

  constructor(world: DispatcherWorld) {
    this.#world = world;
    this.#index = world.derived('pods', buildPodIndex, stepPodIndex);
    this.#announced = world.cell<number>('announced', -1);
    this.#begunAt = world.cell<number>('begun-at', 0);
    this.#floor = world.cell<number>('floor', 0);
    this.#lateAt = world.cell<number>('late-at', 0);
  }

  /**
   * The first change of a fresh dispatcher brings every pod and node. The nodes hold their pods already, so that they are
   * only told that a new epoch begins; each then asks, with a digest. Those without a pod too: one that they still run may
   * have gone while nobody dispatched.
   */
  #announce(): readonly Said[] {
    this.#announced.set(this.#world.view.revision);
    const names = this.#world.view.list('nodes').map(({ metadata }) => metadata?.name ?? '');
    const nodes = [...new Set([...names, ...this.#index().byNode.keys()])].sort();
    return nodes.flatMap((node) => this.#tell(node, { changed: [], removed: [] }));
  }

  podsChanged(changes: readonly Changed<Pod>[]): readonly Said[] {
    if (this.#announced.get() < 0) return this.#announce();
    const told = this.#toldNow();
    const urgent = changes.filter((change) => !isStatusAlone(change));
    if (urgent.length < changes.length) this.#putOff(changes.filter(isStatusAlone));
    for (const { key } of urgent) told.add(key);
    const news = planDispatch(urgent);
    const said = this.#tellAll(news);
    for (const node of news.keys()) this.#forget(node);
    return said;
  }

  /**
   * What only a kubelet writes comes back to it as news of no use, several in a moment while a pod starts; somebody else's
   * status it should hear of, but not at once. To be listened to before the first change.
   */
  statuses(): Observable<readonly Said[]> {
    const resumed = this.#lateAt.get() === 0 ? EMPTY : of(undefined);
    return merge(this.#armed, resumed).pipe(
      switchMap(() => timer(Math.max(0, this.#lateAt.get() - this.#world.now()), this.#world.scheduler)),
      map(() => this.#tellLate()),
    );
  }

  #putOff(changes: readonly Changed<Pod>[]): void {
    for (const { key, after } of changes)
      if ((after?.spec?.nodeName ?? '') !== '') this.#world.cell<boolean>(LATE + key, false).set(true);
    if (this.#lateAt.get() !== 0) return;
    this.#lateAt.set(this.#world.now() + STATUS_NEWS_MS);
    this.#armed.next();
  }

  #tellLate(): readonly Said[] {
    this.#lateAt.drop();
    const keys = this.#world.cellNames(LATE).map((name) => name.slice(LATE.length));
    const said = this.#tellAll(planDispatch(this.#pods(keys).map((pod) => ({ before: pod, after: pod }))));
    for (const key of keys) this.#isTold(key);
    return said;
  }

  #isTold(key: Key): void {
    this.#world.cell<boolean>(LATE + key, false).drop();
  }

  /** A node that is gone with its pods is counted no more. */
  nodesChanged(changes: readonly Changed[]): readonly Said[] {
    if (this.#announced.get() < 0) return this.#announce();
    for (const { name, after } of changes) if (after === undefined) this.#forget(name);
    return [];
  }

  /** A ConfigMap or Secret changed: whoever refers to it hears of its pods anew. */
  referencesChanged(changes: readonly Changed[]): readonly Said[] {
    if (this.#announced.get() < 0 || this.#announced.get() === this.#world.view.revision) return [];
    const keys = new Set<Key>();
    const told = this.#toldNow();
    for (const { key } of changes) {
      for (const pod of this.#index().byReference.get(key) ?? []) if (!told.has(pod)) keys.add(pod);
    }
    for (const pod of keys) told.add(pod);
    return this.#tellAll(planDispatch(this.#pods(keys).map((pod) => ({ before: pod, after: pod }))));
  }

  /** Keys of the pods that were told since the view last moved: told once, even if what they refer to changed with them. */
  #toldNow(): Set<Key> {
    const { revision } = this.#world.view;
    if (this.#told.revision !== revision) this.#told = { revision, keys: new Set() };
    return this.#told.keys;
  }

  asked(call: Call<DispatchQuery, { readonly node: string }>): readonly Said[] {
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
      const message = `dispatch: the question of node ${node} must be a map, {node, digest}, or empty`;
      return [this.#world.reply(call, failure('BadRequest', message))];
    }
    const pods = this.#dispatched(this.#pods(this.#index().byNode.get(node) ?? []));
    const digest = dispatchDigest(pods);
    const batches = query?.digest === digest ? [] : planBatches(pods, { pods: ANSWERED_PODS_MOST, bytes: BYTES_MOST });
    // What is too much for one message goes ahead of the answer, which then names all.
    const ahead = batches.slice(0, -1).map((batch) => this.#tellBatch(node, batch, []));
    const answer: DispatchAnswer = {
      epoch: this.#epoch,
      begunAt: this.#begun(),
      counter: this.#counter(node).get(),
      digest,
      ...(batches.length === 0 ? {} : { pods: batches.at(-1) ?? [] }),
      ...(ahead.length === 0 ? {} : { listed: pods.map(({ pod }) => pod.metadata?.uid ?? '') }),
    };
    return [...ahead, this.#world.reply(call, answer)];
  }

  get #epoch(): number {
    return this.#world.self.epoch ?? 0;
  }
  #begun(): number {
    if (this.#begunAt.get() === 0) this.#begunAt.set(this.#world.now());
    return this.#begunAt.get();
  }
  #counter(node: string) {
    return this.#world.cell<number>(`counter/${node}`, this.#floor.get());
  }
  #forget(node: string): void {
    if (this.#index().byNode.has(node) || this.#world.view.get('nodes', undefined, node) !== undefined) return;
    const counter = this.#counter(node);
    this.#floor.set(Math.max(this.#floor.get(), counter.get()));
    counter.drop();
  }
  /** In key order: an index remembers in what order it was built, and a rebuilt one must speak alike. */
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
  #tellAll(news: ReadonlyMap<string, NodeNews>): readonly Said[] {
    return [...news].flatMap(([node, each]) => this.#tell(node, each));
  }
  #tell(node: string, { changed, removed }: NodeNews): readonly Said[] {
    for (const pod of changed) this.#isTold(keyOfObject('pods', pod));
    const batches = planBatches(this.#dispatched(changed), { pods: PODS_MOST, bytes: BYTES_MOST });
    return batches.map((batch, at) => this.#tellBatch(node, batch, at === 0 ? removed : []));
  }
  #tellBatch(node: string, changed: readonly DispatchedPod[], removed: NodePods['removed']): Said {
    const counter = this.#counter(node);
    counter.set(counter.get() + 1);
    const begunAt = this.#begun();
    return this.#world.say.tell({ node }, { epoch: this.#epoch, begunAt, counter: counter.get(), changed, removed });
  }
}

/** A question that can't be read is refused; the next one is not held up by it. */
function guarded(world: DispatcherWorld, call: Call<unknown, unknown>, answer: () => readonly Said[]): readonly Said[] {
  try {
    return answer();
  } catch (error) {
    world.report(call.subject, error);
    const found = error instanceof Error ? error.message : String(error);
    return [world.reply(call as Call, failure('BadRequest', `dispatch: the question can't be read: ${found}`))];
  }
}

/**
 * Turns changes of pods, and of what they refer to, into one short message for each node that they touch, and answers a
 * kubelet that asks for the whole list of its pods. A change costs what it touches, however large the cluster.
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
    const desk = new Desk(world);
    return merge(
      desk.statuses(),
      inputs.pods.pipe(map((changes) => desk.podsChanged(changes))),
      inputs.configMaps.pipe(map((changes) => desk.referencesChanged(changes))),
      inputs.secrets.pipe(map((changes) => desk.referencesChanged(changes))),
      inputs.nodes.pipe(map((changes) => desk.nodesChanged(changes))),
      inputs.asks.pipe(map((call) => guarded(world, call, () => desk.asked(call)))),
    ).pipe(mergeMap((messages) => from(messages)));
  },
});
