import { defer, EMPTY, merge, type Observable, of, Subject } from 'rxjs';
import { mergeMap, tap } from 'rxjs/operators';
import { statusError } from '../../contracts/errors/status.ts';
import type { EventNote } from '../../contracts/kinds/event/make-event.ts';
import type { Node } from '../../contracts/kinds/kinds.ts';
import { statusNote } from '../../contracts/kinds/node/node.ts';
import type { LogQuery } from '../../contracts/messages/logs.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Call, Json, Said } from '../kernel/contract.ts';
import { type ActorDefinition, calls, defineActor } from '../kernel/declare.ts';
import { AssignedPods } from './dispatch/assigned-pods.ts';
import { DispatcherClient } from './dispatch/dispatcher-client.ts';
import { type EventRecorder, eventRecorder } from './events/event-recorder.ts';
import { type KubeletWorld, saysOf } from './kubelet-says.ts';
import { answerLogRequest } from './logs/log-requests.ts';
import { nodeHeartbeats } from './node/node-heartbeats.ts';
import { NodeStatusWriter } from './node/node-status-writer.ts';
import type { NodeOptions } from './node/node-options.ts';
import { RuntimeHealth } from './node/runtime-health.ts';
import { failureOf, podsMessage, usageMessage } from './parse-messages.ts';
import type { NodeFacts } from './pods/pod-types.ts';
import { ImageCollector } from './pressure/image-collector.ts';
import { NodePressure } from './pressure/node-pressure.ts';
import { type Allocatable, planAdmission } from './pressure/plan-admission.ts';
import { PodStateStore } from './pods/pod-state-store.ts';
import { PodWorkers } from './pods/pod-workers.ts';
import { PeriodicTasks } from './queues/periodic-tasks.ts';
import { ObservedPods } from './runtime/observed-pods.ts';
import { RuntimeLister } from './runtime/runtime-lister.ts';
import { PodStatusWriter } from './status/pod-status-writer.ts';

const SECOND = 1000;
/** The Node's status is written at least this often. */
const NODE_STATUS_MS = 300 * SECOND;
/** After this time conditions of the Node that another writer changed are corrected, and a deleted Node is created again. */
const CORRECTION_MS = 10 * SECOND;
/** A kubelet that may have missed the deletion of its Node checks within this; at random, so that a thousand do not at once. */
const NODE_CHECK_MS = 8 * SECOND;
/** After the store was found to differ from what the kubelet knows, the dispatcher is asked within this. */
const OUTDATED_MS = SECOND;

export interface KubeletOptions extends NodeOptions {
  /** Most requests to the engine at once; default 16. Stops and pulls do not count. */
  readonly atOnce?: number;
}

/**
 * Runs the pods of one node: receives them from the dispatcher, plans each pod by itself, asks the node's runtime driver, and
 * writes the status of the pods and of the Node. After a restart it adopts the containers that run.
 */
export function kubelet(options: KubeletOptions): ActorDefinition {
  const { node } = options;
  return defineActor({
    name: 'kubelet',
    config: { ...options } as unknown as Json,
    hears: {
      news: calls(SUBJECTS.nodePods, { fixed: { node } }),
      hints: calls(SUBJECTS.runtimeEvents, { fixed: { node } }),
      logs: calls(SUBJECTS.nodeLogs, { fixed: { node } }),
      usage: calls(SUBJECTS.metrics, { fixed: { node } }),
      back: calls(SUBJECTS.reconnected, { fixed: { instance: node } }),
      ownNode: calls(SUBJECTS.changes, { fixed: { resource: 'nodes', namespace: '', name: node } }),
    },
    says: saysOf(node),
    behave: (inputs, world): Observable<Said> => {
      const self = new Kubelet(world, options);
      return merge(
        self.run(),
        inputs.news.pipe(mergeMap((call) => self.podsChanged(call))),
        inputs.hints.pipe(mergeMap(() => self.runtimeChanged())),
        inputs.logs.pipe(mergeMap((call) => self.logs(call))),
        inputs.usage.pipe(mergeMap((call) => self.sampled(call))),
        inputs.back.pipe(mergeMap(() => self.reconnected())),
        inputs.ownNode.pipe(mergeMap((call) => self.nodeChanged(call))),
      );
    },
  });
}

/** A kubelet of an earlier release remembered no number of pods. */
const allocatableOf = (
  { name, cpuMillis, memoryBytes, pods = 110, ephemeralStorageBytes }: NodeFacts,
  labels: Readonly<Record<string, string>> | undefined,
): Allocatable => ({
  ...{ name, cpuMillis, memoryBytes, pods },
  ...(ephemeralStorageBytes === undefined ? {} : { ephemeralStorageBytes }),
  ...(labels === undefined ? {} : { labels }),
});

/** The parts of a kubelet, and which of them acts on which input. */
class Kubelet {
  readonly #world: KubeletWorld;
  readonly #nodeName: string;
  readonly #recordEvent: EventRecorder;
  readonly #nodeEvents = new Subject<Said>();
  readonly #tasks: PeriodicTasks;
  readonly #assigned: AssignedPods;
  readonly #state: PodStateStore;
  readonly #observed = new ObservedPods();
  readonly #health: RuntimeHealth;
  readonly #node: NodeStatusWriter;
  readonly #dispatcher: DispatcherClient;
  readonly #lister: RuntimeLister;
  readonly #statuses: PodStatusWriter;
  readonly #workers: PodWorkers;
  readonly #pressure: NodePressure;
  readonly #images: ImageCollector;

  constructor(world: KubeletWorld, options: KubeletOptions) {
    const { node, atOnce = 16 } = options;
    const tasks = new PeriodicTasks(world);
    const assigned = new AssignedPods(world);
    const state = new PodStateStore(world);
    const observed = this.#observed;
    const recordEvent = eventRecorder(world, node);
    const statuses = new PodStatusWriter({
      world,
      assigned,
      state,
      outdated: () => tasks.runWithin('dispatch', OUTDATED_MS),
    });
    const workers = new PodWorkers({
      ...{ world, assigned, state, observed, recordEvent, atOnce },
      admit: (pod, others, facts) =>
        planAdmission(pod, others, allocatableOf(facts, this.#node.labels), this.#pressure.pressures),
      relist: () => tasks.runNow('list'),
      planned: (uid, plan) => statuses.planned(uid, plan),
      forgotten: (uid) => statuses.forget(uid),
    });
    this.#world = world;
    this.#nodeName = node;
    this.#recordEvent = recordEvent;
    this.#tasks = tasks;
    this.#assigned = assigned;
    this.#state = state;
    this.#statuses = statuses;
    this.#workers = workers;
    this.#health = new RuntimeHealth(world);
    const nodeEvent = (note: EventNote): Said => recordEvent({ kind: 'Node', metadata: this.#node.metadata }, note);
    this.#pressure = new NodePressure({
      world,
      options: options.eviction,
      pods: () => workers.active.map((one) => ({ ...one, ending: state.state(one.uid).failed !== undefined })),
      evict: (uid, failure) => workers.fail(uid, failure),
      changed: () => tasks.runNow('node'),
      nodeEvent,
    });
    this.#images = new ImageCollector({
      world,
      options: options.imageCollection,
      used: () => observed.imageIds,
      nodeEvent,
    });
    this.#node = new NodeStatusWriter(world, options, { health: this.#health, state }, () => this.#pressure.pressures);
    this.#dispatcher = new DispatcherClient({
      ...{ world, node, assigned, tasks },
      wake: (uids) => workers.wake(uids),
      unassigned: () => [...observed.uids, ...state.uids].filter((uid) => assigned.get(uid) === undefined),
      onNewDispatcher: () => this.#newDispatcher(),
    });
    this.#lister = new RuntimeLister({
      ...{ world, observed, tasks },
      listed: (woken, isFirst) => this.#listed(woken, isFirst),
    });
  }

  /** Everything that goes on without an input: pod workers, status writes, periodic tasks, heartbeats. */
  run(): Observable<Said> {
    const tasks = this.#tasks.runAll({
      dispatch: {
        run: () => this.#dispatcher.requestList(),
        isPassing: (error, failures) => this.#dispatcher.isPassing(error, failures),
      },
      list: { run: () => this.#lister.list(), failed: (error, failures) => this.#listFailed(error, failures) },
      node: { run: () => this.#writeNode() },
    });
    return merge(
      this.#workers.run(),
      this.#statuses.run(),
      tasks,
      nodeHeartbeats(this.#world, this.#nodeName, this.#health, () => this.#assigned.uids.length),
      this.#nodeEvents,
      defer(() => {
        this.#tasks.resumeNode();
        this.#tasks.runNow('list');
        this.#tasks.runNow('dispatch');
        return EMPTY;
      }),
    );
  }

  /** The dispatcher sent an update of the node's pods. */
  podsChanged(call: Call<unknown>): Observable<Said> {
    return this.#guarded(call, () => {
      this.#dispatcher.receive(podsMessage(call.decode()));
      return EMPTY;
    });
  }

  /** The runtime sent a hint that its containers changed. */
  runtimeChanged(): Observable<Said> {
    this.#lister.hint();
    return EMPTY;
  }

  /** The runtime driver sampled what the node and its pods use. */
  sampled(call: Call<unknown>): Observable<Said> {
    return this.#guarded(call, () => {
      const usage = usageMessage(call.decode());
      const said = this.#pressure.sampled(usage);
      return merge(said, this.#images.sampled(usage, this.#pressure.isDiskShort));
    });
  }

  logs(call: Call<LogQuery>): Observable<Said> {
    return answerLogRequest(
      { world: this.#world, node: this.#nodeName, assigned: this.#assigned, state: this.#state },
      call,
    );
  }

  /** The connection was lost for a while, and with it updates and hints. */
  reconnected(): Observable<Said> {
    this.#tasks.runNow('list');
    this.#tasks.runNow('dispatch');
    this.#checkNode();
    return EMPTY;
  }

  /** The stored Node changed; an empty body means that it was deleted. */
  nodeChanged(call: Call<unknown>): Observable<Said> {
    if (call.bytes.length === 0) {
      this.#node.deleted();
      this.#tasks.runWithin('node', CORRECTION_MS);
      return EMPTY;
    }
    return this.#guarded(call, () => {
      const node = call.decode() as Node;
      const event = this.#node.isOtherMachines(node) ? this.#nodeNameConflict(node) : EMPTY;
      // Not at once: node-lifecycle corrects Ready itself as soon as heartbeats arrive, and the two must not race.
      if (this.#node.changed(node)) this.#tasks.runWithin('node', CORRECTION_MS);
      return event;
    });
  }

  /** Two machines run a worker under the same node name. */
  #nodeNameConflict(node: Node): Observable<Said> {
    const name = this.#nodeName;
    const message = `a worker on another machine uses the node name ${name} too, and both run its pods; start one of them with --node and another name`;
    this.#world.report('node', statusError('Conflict', message));
    const note = { type: 'Warning', reason: 'NodeNameConflict', message } as const;
    return of(this.#recordEvent({ kind: 'Node', metadata: node.metadata ?? { name } }, note));
  }

  /** Without a dispatcher for a while, updates may be missing; the store may even have been restored from a backup. */
  #newDispatcher(): void {
    this.#checkNode();
    this.#statuses.forgetWritten();
  }

  /** The Node may have been deleted or restored without a notification: writing its status shows that. */
  #checkNode(): void {
    this.#tasks.runWithin('node', Math.round(this.#world.random() * NODE_CHECK_MS));
  }

  #writeNode(): Observable<unknown> {
    const known = this.#state.facts !== undefined;
    return this.#node.write().pipe(
      tap(() => {
        this.#tasks.runWithin('node', NODE_STATUS_MS);
        if (!known) this.#workers.wake(new Set([...this.#assigned.uids, ...this.#observed.uids]));
      }),
    );
  }

  #listed(woken: readonly string[], isFirst: boolean): void {
    const wasUnanswered = this.#health.isUnanswered;
    // At the start the Node is about to be written anyway, unless that has failed.
    if (this.#health.answered() && (!wasUnanswered || this.#tasks.failures('node') > 0)) this.#tasks.runNow('node');
    this.#workers.wake(isFirst ? new Set([...woken, ...this.#assigned.uids, ...this.#state.uids]) : woken);
  }

  #listFailed(error: unknown, failures: number): void {
    if (!this.#health.failed(error, failures)) return;
    this.#tasks.runNow('node');
    const note = statusNote(this.#nodeName, 'NodeNotReady', this.#health.current.message);
    this.#nodeEvents.next(this.#recordEvent({ kind: 'Node', metadata: this.#node.metadata }, note));
  }

  /** A message that cannot be parsed is reported and answered; it does not stop the kubelet. */
  #guarded(call: Call<unknown>, take: () => Observable<Said>): Observable<Said> {
    try {
      return take();
    } catch (error) {
      this.#world.report(call.subject, error);
      if (call.reply !== undefined) return of<Said>(this.#world.reply(call as Call, failureOf(error)));
    }
    return EMPTY;
  }
}
