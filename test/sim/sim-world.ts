import { apiServer } from '../../actors/api-server/api-server.ts';
import { controllers } from '../../actors/controllers/registry.ts';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import { MemoryHistory, replay } from '../../actors/kernel/replay.ts';
import { type Heard, type TestWorld, testWorld } from '../../actors/kernel/testing/test-world.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import { isFailure, statusError } from '../../contracts/errors/status.ts';
import type { KubeObject, Node, Pod } from '../../contracts/kinds/kinds.ts';
import { Bus, type Faults, NO_FAULTS } from './bus.ts';
import { Dice } from './dice.ts';
import { actAsKubelets } from './kubelets.ts';
import { MemoryStore } from './memory-store.ts';

const CAST: readonly ActorDefinition[] = [scheduler, ...controllers];
const NODES = 3;
const TICK_MS = 500;
/** Two minutes. */
const TICKS_MOST = 240;
/** More steps than this within one tick: they go round in circles. */
const STEPS_MOST = 50_000;
/** How many changes a watcher may hear of at once. */
const LUMP_MOST = 4;
const CRASHES = 1 / 20;

/**
 * A seeded world: real actors on a virtual clock, and between them a bus, a store and kubelets of our own. Dice decide who
 * hears what next, so that views lag behind answers and answers behind views; what the bus loses and repeats; and who
 * crashes in between. The same seed plays the same.
 */
export class SimWorld {
  /** What an administrator's quota would: the requests, by subject, that are refused. */
  refusing: ((subject: string) => boolean) | undefined;
  readonly #dice: Dice;
  readonly #bus: Bus;
  readonly #api = testWorld(apiServer({ instance: 'one' }));
  readonly #store = new MemoryStore(this.#api);
  // Not by its own name: `node-lifecycle` is whom a node called lifecycle speaks as.
  readonly #actors = CAST.map((definition) => testWorld(definition, { self: { caller: 'master' } }));
  /** How many of the store's changes each actor has heard of. */
  readonly #heard = new Map<TestWorld, number>();
  readonly #waiting = new Map<string, (body: unknown) => void>();
  #calls = 0;

  constructor(seed: number, faults: Faults = NO_FAULTS) {
    this.#dice = new Dice(seed);
    this.#bus = new Bus(this.#dice, faults);
    this.#api.start();
    for (const actor of this.#actors) actor.start();
    this.do('create', 'namespaces', '', 'default', { metadata: { name: 'default' } });
    for (let at = 0; at < NODES; at++) this.#addNode(`node-${at}`);
  }

  #addNode(name: string): void {
    const status = {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    this.do('create', 'nodes', '', name, { metadata: { name } });
    this.do('patch', 'nodes/status', '', name, { status });
  }

  /** What a person asks for; it is neither lost nor late. @throws StatusError what the api-server refuses */
  do(verb: string, resource: string, namespace: string, name: string, body?: object): unknown {
    const target = `${resource.replace('/', '=2F')}.${namespace || '_'}.${name || '_'}`;
    let answer: unknown;
    this.#call(`troupe.api.me.${verb}.${target}`, body, {}, (said) => {
      answer = said;
    });
    if (isFailure(answer)) throw statusError('BadRequest', JSON.stringify(answer));
    return answer;
  }

  all<T extends KubeObject>(resource: string): readonly T[] {
    return this.#api.cache.list(resource) as readonly unknown[] as readonly T[];
  }

  /** Names of a resource's objects in the order in which they were created, also of those that are gone. */
  created(resource: string): readonly string[] {
    return this.#store.created(resource);
  }

  get eventReasons(): ReadonlySet<string> {
    return this.#store.eventReasons;
  }

  /** What went wrong in an actor without ending its turn. */
  reports(): readonly string[] {
    return this.#actors.flatMap(({ reports, core }) =>
      reports.map(({ key, error }) => `${core.definition.name} ${key}: ${String(error)}`),
    );
  }

  /** Plays until `done`, which is asked whenever all that was said has been heard, once a tick. */
  until(done: () => boolean): void {
    for (let tick = 0; tick < TICKS_MOST; tick++) {
      for (let step = 0; this.#step(); step++) if (step > STEPS_MOST) throw new Error('never comes to rest');
      if (done()) return;
      actAsKubelets(this);
      this.#advance();
    }
    throw new Error(
      `not done after ${(TICKS_MOST * TICK_MS) / 1000} s: ${JSON.stringify(this.all<Pod>('pods').map(({ metadata, status }) => [metadata?.name, status]))}`,
    );
  }

  /** Plays every recording back. @returns what diverged, and where */
  diverged(): readonly string[] {
    return this.#actors.flatMap((world) => {
      const { definition } = world.core;
      const { incarnation, turns, writes } = world.recording();
      const played = replay(definition, incarnation, turns, new MemoryHistory(writes));
      const { divergence } = played;
      if (divergence !== undefined) return [`${definition.name} turn ${divergence.turn}: ${divergence.what}`];
      return played.turns === turns.length ? [] : [`${definition.name}: played ${played.turns} of ${turns.length}`];
    });
  }

  /** Lets one thing happen. @returns whether anything could */
  #step(): boolean {
    const behind = this.#actors.filter((actor) => this.#heardBy(actor) < this.#store.length);
    const choices = [
      ...behind.map((actor) => () => this.#hearChanges(actor)),
      ...(this.#bus.hasRequests ? [() => this.#serveOne()] : []),
      ...(this.#bus.hasAnswers ? [() => this.#bus.deliverAnswer()] : []),
    ];
    this.#dice.pick(choices)?.();
    if (this.#dice.happens(CRASHES)) this.#crash(this.#dice.pick(this.#actors));
    return choices.length > 0;
  }

  #heardBy(actor: TestWorld): number {
    return this.#heard.get(actor) ?? 0;
  }

  #hearChanges(actor: TestWorld): void {
    const from = this.#heardBy(actor);
    const to = from + 1 + this.#dice.below(Math.min(LUMP_MOST, this.#store.length - from));
    this.#store.show(actor, from, to);
    this.#heard.set(actor, to);
    this.#bus.collect(actor.settle());
  }

  #serveOne(): void {
    this.#bus.deliverRequest(({ subject, body, headers }, answer) => {
      if (this.refusing?.(subject) === true) answer(statusError('Forbidden', 'exceeded quota').status);
      else this.#call(subject, body, headers, answer);
    });
  }

  /** Between two turns: what is not in cells is gone. */
  #crash(actor: TestWorld | undefined): void {
    if (actor?.core.openAsks === 0) this.#bus.collect(actor.crash());
  }

  /** Lets the api-server answer, and the store what that one asks it. */
  #call(subject: string, body: unknown, headers: Heard['headers'], answer: (body: unknown) => void): void {
    const reply = `_INBOX.me.${++this.#calls}`;
    this.#waiting.set(reply, answer);
    this.#api.callSubject(subject, body, { reply, headers: headers ?? {} });
    this.#settleApi();
  }

  #settleApi(): void {
    for (let said = this.#api.said(); said.length > 0; said = this.#api.said()) {
      for (const heard of said) {
        if (heard.kind === 'reply') this.#answered(heard);
        else if (heard.kind === 'port') this.#api.answer(heard, this.#store.answer(heard));
      }
    }
  }

  #answered({ subject, body }: Heard): void {
    this.#waiting.get(subject)?.(body);
    this.#waiting.delete(subject);
  }

  #advance(): void {
    this.#api.advance(TICK_MS);
    this.#settleApi();
    for (const actor of this.#actors) this.#bus.collect(actor.advance(TICK_MS));
    this.#bus.expire();
    this.#beat();
  }

  #beat(): void {
    const beats = this.all<Node>('nodes').map(({ metadata }) => ({
      subject: `troupe.heartbeat.${metadata?.name}`,
      body: { node: metadata?.name, sentAt: this.#api.now, runtimeReady: true, pods: 0 },
    }));
    for (const actor of this.#actors)
      if ('beats' in actor.core.definition.hears) this.#bus.collect(actor.latest('beats', beats));
  }
}
