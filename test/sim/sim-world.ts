import { apiServer } from '../../actors/api-server/api-server.ts';
import { controllers } from '../../actors/controllers/registry.ts';
import { dispatcher } from '../../actors/dispatcher/dispatcher.ts';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import { MemoryHistory, replay } from '../../actors/kernel/replay.ts';
import { type Heard, type TestWorld, testWorld } from '../../actors/kernel/testing/test-world.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import { failure, isFailure, type Status, StatusError } from '../../contracts/errors/status.ts';
import type { KubeObject, Pod } from '../../contracts/kinds/kinds.ts';
import type { RuntimeOp } from '../../contracts/runtime/ops.ts';
import { Bus, type Faults, NO_FAULTS } from './bus.ts';
import { Dice } from './dice.ts';
import { MemoryStore } from './memory-store.ts';
import { SimNode } from './sim-node.ts';

const SINGLETONS: readonly ActorDefinition[] = [scheduler, ...controllers, dispatcher];
const API_SERVERS = 2;
const NODES = 3;
const BEGIN = Date.parse('2026-01-01T00:00:00Z');
const SECOND = 1_000;
const TICK_MS = 500;
/** Two minutes. */
const TICKS_MOST = 240;
/** More steps than this within one tick: they go round in circles. */
const STEPS_MOST = 50_000;
/** How many changes a watcher may hear of at once. */
const LUMP_MOST = 4;
const LATE_MS = 15 * SECOND;
const PERSON_WAITS_MS = 20 * SECOND;
/** Where not all is heard before time goes on. */
const STEPS_A_TICK = 40;
const CRASHES = 1 / 20;
/** Of the store's answers so many come before the change that they acknowledge is in the view. */
const EARLY_ANSWERS = 1 / 4;
/** For how many ticks a leader that was followed by another goes on, at most. */
const STALE_TICKS_MOST = 20;

/** An actor of the control plane, and how many of the store's changes it has heard of. */
interface Watcher {
  readonly name: string;
  readonly world: TestWorld;
  heard: number;
}
type Request = Pick<Heard, 'subject' | 'body' | 'headers'>;
type Answered = (answer: unknown) => void;
interface OpenAsk {
  readonly asker: TestWorld;
  readonly heard: Heard;
  readonly until: number;
}

/**
 * A seeded world: real actors on a virtual clock, two api-servers and three kubelets among them, and between them a bus, a
 * store and engines of our own. Dice decide who hears what next, so that views lag behind answers and answers behind views;
 * what the bus loses and repeats; and who crashes in between. The same seed plays the same.
 */
export class SimWorld {
  /** What an administrator's quota would: the requests, by subject, that are refused. */
  refusing: ((subject: string) => boolean) | undefined;
  readonly dice: Dice;
  readonly nodes: readonly SimNode[];
  readonly #bus: Bus;
  readonly #store = new MemoryStore();
  readonly #apis: Watcher[] = [];
  /** Those that act. */
  readonly #leaders = new Map<string, Watcher>();
  /** Those that were followed by another and do not know it yet, and when they are gone. */
  readonly #stale = new Map<Watcher, number>();
  /** Every incarnation that there ever was. */
  readonly #worlds: TestWorld[] = [];
  /** Those that were killed: what they would hear is lost. */
  readonly #dead = new Set<TestWorld>();
  readonly #waiting = new Map<string, (body: unknown) => void>();
  readonly #open: OpenAsk[] = [];
  /** What api-servers ask the store. */
  readonly #asked: { readonly world: TestWorld; readonly heard: Heard }[] = [];
  /** Those who asked for something and wait. */
  readonly #persons = new Set<{ readonly until: number; readonly answered: Answered }>();
  readonly #beats = new Map<string, unknown>();
  #told = 0;
  #calls = 0;
  #now = BEGIN;

  constructor(seed: number, faults: Faults = NO_FAULTS) {
    this.dice = new Dice(seed);
    this.#bus = new Bus(this.dice, faults);
    this.nodes = Array.from({ length: NODES }, (_, at) => new SimNode(`node-${at}`, this.#now, this.#seed()));
    for (let at = 0; at < API_SERVERS; at++) this.#apis.push(this.#newApi(`api-${at}`));
    for (const definition of SINGLETONS) this.#leaders.set(definition.name, this.#newLeader(definition));
    this.do('create', 'namespaces', '', 'default', { metadata: { name: 'default' } });
    for (const node of this.nodes) this.#startKubelet(node);
  }

  set faults(faults: Faults) {
    this.#bus.faults = faults;
  }

  get now(): number {
    return this.#now;
  }

  /** What a person asks for; it is neither lost nor late. @throws StatusError what the api-server refuses */
  do(verb: string, resource: string, namespace: string, name: string, body?: object): unknown {
    let answer: { readonly body: unknown } | undefined;
    this.#call(this.#anyApi(), subjectOf(verb, resource, namespace, name), body, {}, (said) => {
      answer = { body: said };
    });
    for (let steps = 0; answer === undefined; steps++) {
      if (steps > STEPS_MOST) throw new Error(`${verb} ${resource} ${name}: is never answered`);
      if (!this.#step()) this.#advance();
    }
    if (isFailure(answer.body)) throw new StatusError(answer.body as Status);
    return answer.body;
  }

  /**
   * What a person asks for who does not wait: it is lost and late as anything else.
   * @param answered is called once: with the answer, a `Status` where it was refused, `undefined` where none came in time
   */
  ask(verb: string, resource: string, namespace: string, name: string, body: object, answered: Answered): void {
    const heard = { subject: subjectOf(verb, resource, namespace, name), body, headers: {} };
    const person = { until: this.#now + PERSON_WAITS_MS, answered };
    this.#persons.add(person);
    const answer = (said: unknown): void => {
      if (this.#persons.delete(person)) answered(said);
    };
    const to = this.#anyApi().name;
    const back = (said: unknown): void => this.#bus.send({ from: to, to: 'me', deliver: () => answer(said) }, true);
    this.#bus.send({ from: 'me', to, deliver: this.#inTime(() => this.#serve(to, heard, back)) }, true);
  }

  all<T extends KubeObject>(resource: string): readonly T[] {
    return this.#store.cache.list(resource) as readonly unknown[] as readonly T[];
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
    return this.#worlds.flatMap(({ reports, core }) =>
      reports.map(({ key, error }) => `${core.definition.name} ${key}: ${String(error)}`),
    );
  }

  /**
   * Plays until `done`, which is asked whenever all that was said has been heard, once a tick.
   * @param why what is told where it takes longer
   */
  until(done: () => boolean, ticksMost = TICKS_MOST, why = () => this.#podsNow()): void {
    for (let tick = 0; tick < ticksMost; tick++) {
      this.rest();
      if (done()) return;
      this.#advance();
    }
    throw new Error(`not done after ${(ticksMost * TICK_MS) / SECOND} s: ${why()}`);
  }

  #podsNow(): string {
    const pods = this.all<Pod>('pods');
    return JSON.stringify(pods.map(({ metadata, spec, status }) => [metadata?.name, spec?.nodeName, status]));
  }

  /** Plays until all that was said has been heard. */
  rest(): void {
    for (let step = 0; this.#step(); step++) if (step > STEPS_MOST) throw new Error('never comes to rest');
  }

  /** Plays on for a while, in which everything is on its way for as long as the dice want. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= TICK_MS) {
      for (let steps = this.dice.below(STEPS_A_TICK); steps > 0 && this.#step(); ) steps -= 1;
      this.#advance();
    }
  }

  /** Another master takes over an actor; the one before does not know it yet. */
  failOver(actor: string): void {
    const before = this.#leaders.get(actor);
    if (before === undefined) throw new Error(`there is no ${actor}`);
    this.#stale.set(before, this.#now + this.dice.below(STALE_TICKS_MOST) * TICK_MS);
    this.#leaders.set(actor, this.#newLeader(before.world.core.definition));
  }

  /** An api-server is killed, with what it has in hand, and starts anew. */
  restartApi(): void {
    const at = this.dice.below(this.#apis.length);
    const { name, world } = this.#apis[at] as Watcher;
    this.#dead.add(world);
    this.#apis[at] = this.#newApi(name);
  }

  /** A worker is killed, and starts anew. */
  restartKubelet(node: SimNode): void {
    this.#dead.add(node.kubelet);
    node.restartKubelet(this.#seed());
    this.#startKubelet(node);
  }

  reboot(node: SimNode): void {
    this.#dead.add(node.kubelet);
    node.reboot(this.#seed());
    this.#startKubelet(node);
  }

  /** A node is out of everybody's reach; its worker's own broker, too. */
  cutOff(node: SimNode): void {
    for (const who of addressesOf(node)) this.#bus.cut(who);
  }

  reconnect(node: SimNode): void {
    for (const who of addressesOf(node)) this.#bus.mend(who);
    const { kubelet, name } = node;
    const gone = failure('ServiceUnavailable', 'the connection was lost');
    for (const { asker, heard } of this.#open.filter(({ asker }) => asker === kubelet))
      if (asker.core.isAskOpen(heard.id)) kubelet.answer(heard, gone);
    kubelet.callSubject(`troupe.reconnected.${name}`);
    this.#collect(name, kubelet);
  }

  /** A container ends by itself. */
  exit(node: SimNode, containerId: string, exitCode: number): void {
    node.runtime.exit(containerId, exitCode);
    this.#hint(node);
  }

  /** Plays every recording back. @returns what diverged, and where */
  diverged(): readonly string[] {
    return this.#worlds.flatMap((world) => {
      const { definition } = world.core;
      const { incarnation, turns, writes } = world.recording();
      const played = replay(definition, incarnation, turns, new MemoryHistory(writes));
      const { divergence } = played;
      if (divergence !== undefined) return [`${definition.name} turn ${divergence.turn}: ${divergence.what}`];
      return played.turns === turns.length ? [] : [`${definition.name}: played ${played.turns} of ${turns.length}`];
    });
  }

  /* Who is there. */

  #seed(): readonly number[] {
    return Array.from({ length: 4 }, () => 1 + this.dice.below(2 ** 31));
  }

  #newApi(name: string): Watcher {
    const definition = apiServer({ instance: name });
    return this.#begin(name, testWorld(definition, { now: this.#now, self: { instance: name }, seed: this.#seed() }));
  }

  #newLeader(definition: ActorDefinition): Watcher {
    const epoch = this.#store.nextEpoch(definition.name);
    // Not by its own name: `node-lifecycle` is whom a node called lifecycle speaks as.
    const self = { caller: 'master', instance: `${definition.name}-${epoch}`, epoch };
    return this.#begin(definition.name, testWorld(definition, { now: this.#now, self, seed: this.#seed() }));
  }

  /** Whoever starts has listed what is there. */
  #begin(name: string, world: TestWorld): Watcher {
    const heard = this.#store.length;
    this.#store.show(world, 0, heard);
    this.#worlds.push(world);
    world.start();
    this.#collect(name, world);
    return { name, world, heard };
  }

  #startKubelet({ name, kubelet }: SimNode): void {
    this.#worlds.push(kubelet);
    kubelet.start();
    this.#collect(name, kubelet);
  }

  get #watchers(): readonly Watcher[] {
    return [...this.#apis, ...this.#leaders.values(), ...this.#stale.keys()];
  }

  #anyApi(): Watcher {
    return this.dice.pick(this.#apis) as Watcher;
  }

  /* What they say. */

  #collect(from: string, world: TestWorld): void {
    for (const heard of world.said()) {
      if (heard.kind === 'reply') this.#answered(heard);
      else if (heard.kind === 'request') this.#request(from, world, heard);
      else if (heard.kind === 'publish') this.#publish(from, heard);
      else if (heard.kind === 'port') this.#asked.push({ world, heard });
    }
  }

  #answered({ subject, body }: Heard): void {
    this.#waiting.get(subject)?.(body);
    this.#waiting.delete(subject);
  }

  #request(from: string, asker: TestWorld, heard: Heard): void {
    if (heard.timeoutMs !== undefined) this.#open.push({ asker, heard, until: asker.now + heard.timeoutMs });
    const answer = (by: string) => (body: unknown) =>
      this.#bus.send({ from: by, to: from, deliver: () => this.#tell(from, asker, heard, body) }, true);
    const [, family, who = '', op] = heard.subject.split('.');
    if (family === 'api') {
      const { name } = this.#anyApi();
      this.#bus.send({ from, to: name, deliver: this.#inTime(() => this.#serve(name, heard, answer(name))) });
    } else if (family === 'dispatch') {
      for (const { name, world } of this.#dispatchers())
        this.#bus.send({ from, to: name, deliver: () => this.#callActor(name, world, heard, answer(name)) });
    } else if (family === 'runtime') {
      const node = this.#node(who);
      const to = engineOf(who);
      this.#bus.send({ from, to, deliver: () => this.#drive(node, op as RuntimeOp, heard.body, answer(to)) });
    } else throw new Error(`nobody hears ${heard.subject}`);
  }

  #publish(from: string, { subject, body }: Heard): void {
    const [, family, who = ''] = subject.split('.');
    if (family === 'heartbeat')
      this.#bus.send({ from, to: 'node-lifecycle', deliver: () => void this.#beats.set(subject, body) });
    else if (family === 'node') this.#bus.send({ from, to: who, deliver: () => this.#tellKubelet(who, subject, body) });
  }

  #dispatchers(): readonly Watcher[] {
    return this.#watchers.filter(({ name }) => name === 'dispatcher');
  }

  #node(name: string): SimNode {
    const node = this.nodes.find((each) => each.name === name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  /* What reaches them. */

  #tell(to: string, asker: TestWorld, heard: Heard, body: unknown): void {
    if (this.#dead.has(asker) || !asker.core.isAskOpen(heard.id)) return;
    asker.answer(heard, body);
    this.#collect(to, asker);
  }

  #tellKubelet(name: string, subject: string, body: unknown): void {
    const { kubelet } = this.#node(name);
    kubelet.callSubject(subject, body);
    this.#collect(name, kubelet);
  }

  /** An api-server does nothing of what was asked too long ago. */
  #inTime(serve: () => void): () => void {
    const late = this.#now + LATE_MS;
    return () => {
      if (this.#now <= late) serve();
    };
  }

  #serve(name: string, { subject, body, headers }: Request, answer: (body: unknown) => void): void {
    if (this.refusing?.(subject) === true) return answer(failure('Forbidden', 'exceeded quota'));
    const api = this.#apis.find((each) => each.name === name);
    if (api !== undefined) this.#call(api, subject, body, headers, answer);
  }

  #call(
    { name, world }: Watcher,
    subject: string,
    body: unknown,
    headers: Heard['headers'],
    answer: (body: unknown) => void,
  ): void {
    this.#callActor(name, world, { subject, body, headers }, answer);
  }

  #callActor(
    name: string,
    world: TestWorld,
    { subject, body, headers }: Request,
    answer: (body: unknown) => void,
  ): void {
    if (this.#dead.has(world)) return;
    const reply = `_INBOX.me.${++this.#calls}`;
    this.#waiting.set(reply, answer);
    world.callSubject(subject, body, { reply, headers: headers ?? {} });
    this.#collect(name, world);
  }

  #drive(node: SimNode, op: RuntimeOp, body: unknown, answer: (body: unknown) => void): void {
    const before = node.runtime.containers;
    answer(node.answer(op, body));
    if (node.runtime.containers !== before) this.#hint(node);
  }

  #hint({ name }: SimNode): void {
    const subject = `troupe.runtime-events.${name}`;
    this.#bus.send({ from: engineOf(name), to: name, deliver: () => this.#tellKubelet(name, subject, { node: name }) });
  }

  /* What happens. */

  /** Lets one thing happen. @returns whether anything could */
  #step(): boolean {
    this.#republish();
    const behind = this.#watchers.filter(({ heard }) => heard < this.#store.length);
    const choices = [
      ...behind.map((watcher) => () => this.#hearChanges(watcher)),
      ...(this.#asked.length > 0 ? [() => this.#serveStore()] : []),
      ...(this.#bus.hasLetters ? [() => this.#bus.deliverOne()] : []),
    ];
    this.dice.pick(choices)?.();
    if (this.dice.happens(CRASHES)) this.#crash();
    return choices.length > 0;
  }

  /** What the broker publishes of the store's changes, as far as anybody here listens. */
  #republish(): void {
    for (const { resource, name, object } of this.#store.since(this.#told)) {
      if (resource !== 'nodes') continue;
      const subject = `troupe.changes.nodes._.${name}`;
      const body = object ?? new Uint8Array(0);
      this.#bus.send({ from: 'store', to: name, deliver: () => this.#tellKubelet(name, subject, body) });
    }
    this.#told = this.#store.length;
  }

  #hearChanges(watcher: Watcher): void {
    this.#hearUntil(
      watcher,
      watcher.heard + 1 + this.dice.below(Math.min(LUMP_MOST, this.#store.length - watcher.heard)),
    );
  }

  #hearUntil(watcher: Watcher, to: number): void {
    if (to <= watcher.heard) return;
    this.#store.show(watcher.world, watcher.heard, to);
    watcher.heard = to;
    watcher.world.settle();
    this.#collect(watcher.name, watcher.world);
  }

  /** The store does what one api-server asks it. */
  #serveStore(): void {
    const [asked] = this.#asked.splice(this.dice.below(this.#asked.length), 1);
    if (asked === undefined) return;
    const { world, heard } = asked;
    const answer = this.#store.answer(heard);
    const api = this.#apis.find((each) => each.world === world);
    if (api === undefined) return; // it was killed meanwhile
    const writes = heard.say === 'put' || heard.say === 'purge';
    if (!(writes && this.dice.happens(EARLY_ANSWERS))) this.#hearUntil(api, this.#upTo(heard));
    this.#tell(api.name, world, heard, writes && this.dice.happens(this.#bus.faults.loses) ? 'timeout' : answer);
  }

  /** How far the view has come when the store answers. */
  #upTo({ say, body }: Heard): number {
    return say === 'reached' ? (body as { readonly revision: number }).revision : this.#store.length;
  }

  /** Between two turns: what is not in cells is gone. */
  #crash(): void {
    const kubelets = this.nodes.map(({ name, kubelet }) => ({ name, world: kubelet }));
    const one = this.dice.pick<Pick<Watcher, 'name' | 'world'>>([...this.#watchers, ...kubelets]);
    if (one === undefined || one.world.core.openAsks > 0) return;
    one.world.crash();
    this.#collect(one.name, one.world);
  }

  #advance(): void {
    this.#now += TICK_MS;
    for (const node of this.nodes) {
      if (node.advance(this.#now, this.dice)) this.#hint(node);
      node.kubelet.advance(TICK_MS);
      this.#collect(node.name, node.kubelet);
    }
    for (const [watcher, gone] of this.#stale) {
      if (gone > this.#now) continue;
      this.#dead.add(watcher.world);
      this.#stale.delete(watcher);
    }
    for (const { name, world } of this.#watchers) {
      world.advance(TICK_MS);
      this.#collect(name, world);
    }
    this.#expire();
    this.#giveUp();
    this.#beat();
  }

  /** Tells whoever has waited too long. */
  #expire(): void {
    for (const question of this.#open.splice(0)) {
      const { asker, heard, until } = question;
      if (this.#dead.has(asker) || !asker.core.isAskOpen(heard.id)) continue;
      if (asker.now < until) this.#open.push(question);
      else this.#tell(this.#nameOf(asker), asker, heard, 'timeout');
    }
  }

  #giveUp(): void {
    for (const person of [...this.#persons]) {
      if (person.until > this.#now) continue;
      this.#persons.delete(person);
      person.answered(undefined);
    }
  }

  #nameOf(world: TestWorld): string {
    return world.core.self.actor === 'kubelet' ? world.core.self.instance : world.core.self.actor;
  }

  #beat(): void {
    const beats = [...this.#beats].map(([subject, body]) => ({ subject, body }));
    this.#beats.clear();
    if (beats.length === 0) return;
    for (const { name, world } of this.#watchers) {
      if (!('beats' in world.core.definition.hears)) continue;
      world.latest('beats', beats);
      this.#collect(name, world);
    }
  }
}

const subjectOf = (verb: string, resource: string, namespace: string, name: string): string =>
  `troupe.api.me.${verb}.${resource.replace('/', '=2F')}.${namespace || '_'}.${name || '_'}`;
const engineOf = (node: string): string => `${node}'s engine`;
const addressesOf = ({ name }: SimNode): readonly string[] => [name, engineOf(name)];
