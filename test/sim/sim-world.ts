import { MemoryHistory, replay } from '../../actors/kernel/replay.ts';
import { isFailure, type Status, StatusError } from '../../contracts/errors/status.ts';
import type { KubeObject, Pod } from '../../contracts/kinds/kinds.ts';
import { Bus, type Faults, NO_FAULTS } from './bus.ts';
import { Cast, type Member } from './cast.ts';
import { Changes } from './changes.ts';
import { Dice } from './dice.ts';
import { Mail } from './mail.ts';
import { MemoryStore } from './memory-store.ts';
import type { SimNode } from './sim-node.ts';
import { SECOND, TICK_MS, Time } from './time.ts';
import { type Answered, Waits } from './waits.ts';

/** Two minutes. */
const TICKS_MOST = 240;
/** More steps than this within one tick: they go round in circles. */
const STEPS_MOST = 50_000;
/** Where not all is heard before time goes on. */
const STEPS_A_TICK = 40;
const CRASHES = 1 / 20;
/** For so long no master runs while a backup takes the store's place. */
const RESTORING_MS = 30 * SECOND;

/**
 * A seeded world: real actors on a virtual clock, two api-servers and three kubelets among them, and between them a bus, a
 * store and engines of our own. Dice decide who hears what next, so that views lag behind answers and answers behind views;
 * what the bus loses and repeats; by how much each machine's clock is wrong; and who crashes in between. The same seed plays the same.
 */
export class SimWorld {
  readonly dice: Dice;
  readonly #time = new Time();
  readonly #bus: Bus;
  readonly #store = new MemoryStore();
  readonly #cast: Cast;
  readonly #mail: Mail;
  readonly #changes: Changes;
  /** Whether actors take checkpoints now and then, as the dice want. */
  takesCheckpoints = true;
  /** The revision of the newest backup. */
  #backup = 0;

  constructor(seed: number, faults: Faults = NO_FAULTS) {
    this.dice = new Dice(seed);
    this.#bus = new Bus(this.dice, NO_FAULTS); // until the cluster is there
    this.#cast = new Cast(this.dice, this.#store, this.#time, (newcomer) => this.#mail.collect(newcomer));
    const waits = new Waits(this.#time);
    this.#mail = new Mail(this.#bus, this.#cast, waits, this.#time, (...asked) => this.#changes.ask(...asked));
    this.#changes = new Changes(this.dice, this.#store, this.#bus, this.#cast, this.#mail);
    this.#cast.startMasters();
    this.do('create', 'namespaces', '', 'default', { metadata: { name: 'default' } });
    this.#bus.faults = faults;
    this.#cast.startWorkers();
  }

  set faults(faults: Faults) {
    this.#bus.faults = faults;
  }

  /** What an administrator's quota would: the requests, by subject, that are refused. */
  set refusing(refusing: ((subject: string) => boolean) | undefined) {
    this.#mail.refusing = refusing;
  }

  get now(): number {
    return this.#time.now;
  }

  get nodes(): readonly SimNode[] {
    return this.#cast.nodes;
  }

  /* What people ask for. */

  /** What a person asks for; it is neither lost nor late. @throws StatusError what the api-server refuses */
  do(verb: string, resource: string, namespace: string, name: string, body?: object): unknown {
    let answer: { readonly body: unknown } | undefined;
    this.#mail.demand(subjectOf(verb, resource, namespace, name), body, (said) => {
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
    this.#mail.ask(subjectOf(verb, resource, namespace, name), body, answered);
  }

  /** Sees every request to an api-server, by subject. */
  set onRequest(onRequest: (subject: string) => void) {
    this.#mail.refusing = (subject) => {
      onRequest(subject);
      return false;
    };
  }

  /* What there is. */

  /** The actors that run, by name; of api-servers and kubelets there are several. */
  get actors(): readonly string[] {
    return [...this.#cast.watchers, ...this.#cast.kubelets].map(({ name }) => name);
  }

  /** The number of writes to the store so far. */
  get writes(): number {
    return this.#store.length;
  }

  /** The number of events recorded so far, counted ones included. */
  get events(): number {
    return this.#store.events;
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
    return this.#cast.worlds.flatMap(({ reports, core }) =>
      reports.map(({ key, error }) => `${core.definition.name} ${key}: ${String(error)}`),
    );
  }

  /** Plays every recording back. @returns what diverged, and where */
  diverged(): readonly string[] {
    return this.#cast.worlds.flatMap((world) => {
      const { definition } = world.core;
      const { incarnation, turns, writes } = world.recording();
      const played = replay(definition, incarnation, turns, new MemoryHistory(writes));
      const { divergence } = played;
      if (divergence !== undefined) return [`${definition.name} turn ${divergence.turn}: ${divergence.what}`];
      return played.turns === turns.length ? [] : [`${definition.name}: played ${played.turns} of ${turns.length}`];
    });
  }

  /** Writes what kubelets heard and said, those of former lives too, into one file: they need no history of the store. */
  keepKubelets = async (path: string): Promise<object> => {
    const { writeRecordingFile } = await import('../../ops/replay/read/recording-file.ts');
    const kubelets = this.#cast.worlds.filter(({ core }) => core.definition.name === 'kubelet');
    const recordings = kubelets.map((world) => world.recording());
    writeRecordingFile(path, { prefix: 'troupe', recordings, history: { all: [], bases: [], holes: [] } });
    return {};
  };

  #podsNow(): string {
    const pods = this.all<Pod>('pods');
    return JSON.stringify(pods.map(({ metadata, spec, status }) => [metadata?.name, spec?.nodeName, status]));
  }

  /* What breaks. */

  /** Another master takes over an actor; the one before does not know it yet. */
  failOver(actor: string): void {
    this.#cast.failOver(actor);
  }

  /** Every actor of this name takes a checkpoint. */
  checkpoint(actor: string): void {
    for (const one of [...this.#cast.watchers, ...this.#cast.kubelets])
      if (one.name === actor && !this.#checkpoint(one)) throw new Error(`${actor} waits for an answer`);
  }

  /** An api-server is killed, with what it has in hand, and starts anew. */
  restartApi(): void {
    this.#cast.restartApi();
  }

  /** A worker is killed, and starts anew. */
  restartKubelet(node: SimNode): void {
    this.#cast.restartKubelet(node, false);
  }

  reboot(node: SimNode): void {
    this.#cast.restartKubelet(node, true);
  }

  /** A node is out of everybody's reach; its worker's own broker, too. */
  cutOff(node: SimNode): void {
    this.#mail.cutOff(node);
  }

  reconnect(node: SimNode): void {
    this.#mail.reconnect(node);
  }

  /** A node's engine hears nothing that it is asked; what runs in it runs on. */
  holdEngine(node: SimNode): void {
    this.#mail.holdEngine(node);
  }

  letEngineGoOn(node: SimNode): void {
    this.#mail.letEngineGoOn(node);
  }

  /** nats-server is killed, and starts anew. */
  restartServer(): void {
    this.#changes.loseAnswers();
    this.#mail.lose();
  }

  backUp(): void {
    this.#backup = this.#store.length;
  }

  /** The newest backup takes the store's place: masters are stopped and started anew, as the alarm says; workers run on. */
  restore(): void {
    this.#cast.stopMasters();
    this.#store.goBack(this.#backup);
    this.#changes.beginAnew();
    this.#mail.lose();
    this.pass(RESTORING_MS);
    this.#cast.startMasters();
  }

  /** The clock of one of the machines is set, ahead or back. */
  setAClock(): void {
    this.dice.pick(this.#cast.clocks)?.set();
  }

  /** A container ends by itself. */
  exit(node: SimNode, containerId: string, exitCode: number): void {
    node.runtime.exit(containerId, exitCode);
    this.#mail.hint(node);
  }

  /** Somebody removes a container behind the kubelet's back. */
  remove(node: SimNode, containerId: string): void {
    node.runtime.do('removeContainer', { containerId } as never);
    this.#mail.hint(node);
  }

  /* What happens, and when. */

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

  /** Lets one thing happen. @returns whether anything could */
  #step(): boolean {
    this.#changes.republish();
    const letter = this.#bus.hasLetters ? [() => this.#bus.deliverOne()] : [];
    const choices = [...this.#changes.choices(), ...letter];
    this.dice.pick(choices)?.();
    if (this.takesCheckpoints && this.dice.happens(CRASHES)) this.#takeACheckpoint();
    return choices.length > 0;
  }

  #takeACheckpoint(): void {
    const one = this.dice.pick<Member>([...this.#cast.watchers, ...this.#cast.kubelets]);
    if (one !== undefined) this.#checkpoint(one);
  }

  /** Between two turns: what is not in cells is gone. @returns whether it took one: not while it waits for an answer that comes soon */
  #checkpoint(member: Member): boolean {
    if (member.world.core.shortAsks > 0) return false;
    member.world.crash();
    this.#mail.collect(member);
    return true;
  }

  #advance(): void {
    this.#time.tick();
    for (const node of this.nodes) {
      if (node.advance(this.dice)) this.#mail.hint(node);
      this.#goOn({ name: node.name, world: node.kubelet });
    }
    this.#cast.retire();
    for (const watcher of this.#cast.watchers) this.#goOn(watcher);
    this.#mail.expire();
    this.#mail.beat();
  }

  #goOn(member: Member): void {
    this.#cast.goOn(member.world);
    this.#mail.collect(member);
  }
}

const subjectOf = (verb: string, resource: string, namespace: string, name: string): string =>
  `troupe.api.operator.${verb}.${resource.replace('/', '=2F')}.${namespace || '_'}.${name || '_'}`;
