import { apiServer } from '../../actors/api-server/api-server.ts';
import { controllers } from '../../actors/controllers/registry.ts';
import { dispatcher } from '../../actors/dispatcher/dispatcher.ts';
import type { Self } from '../../actors/kernel/contract.ts';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import { type TestWorld, testWorld } from '../../actors/kernel/testing/test-world.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import type { Dice } from './dice.ts';
import type { MemoryStore } from './memory-store.ts';
import { SimNode } from './sim-node.ts';
import { Clock, TICK_MS, type Time } from './time.ts';

const SINGLETONS: readonly ActorDefinition[] = [scheduler, ...controllers, dispatcher];
const MASTERS = 2;
const NODES = 3;
/** For how many ticks a leader that was followed by another goes on, at most. */
const STALE_TICKS_MOST = 20;

/** An actor, and what it is called on the bus. */
export interface Member {
  readonly name: string;
  readonly world: TestWorld;
}

/** An actor of the control plane, on which master, and how many of the store's changes it has heard of. */
export interface Watcher extends Member {
  readonly master: number;
  heard: number;
}

/** Who is there: api-servers, leaders, those that were followed by another, and kubelets; and who was. */
export class Cast {
  readonly nodes: readonly SimNode[];
  /** Of each machine; a master's first. */
  readonly clocks: readonly Clock[];
  /** Every incarnation that there ever was, and its time: each is a process of its own. */
  readonly #times = new Map<TestWorld, () => number>();
  readonly #dice: Dice;
  readonly #store: MemoryStore;
  readonly #time: Time;
  readonly #listen: (newcomer: Member) => void;
  readonly #apis: Watcher[] = [];
  /** Those that act. */
  readonly #leaders = new Map<string, Watcher>();
  /** Those that were followed by another and do not know it yet, and when they are gone. */
  readonly #stale = new Map<Watcher, number>();
  /** Those that were killed: what they would hear is lost. */
  readonly #dead = new Set<TestWorld>();

  /** @param listen hears what a newcomer says as it starts */
  constructor(dice: Dice, store: MemoryStore, time: Time, listen: (newcomer: Member) => void) {
    this.#dice = dice;
    this.#store = store;
    this.#time = time;
    this.#listen = listen;
    this.clocks = Array.from({ length: MASTERS + NODES }, () => new Clock(time, dice));
    this.nodes = this.clocks.slice(MASTERS).map((clock, at) => new SimNode(`node-${at}`, clock, this.#seed()));
  }

  get worlds(): readonly TestWorld[] {
    return [...this.#times.keys()];
  }

  startMasters(): void {
    for (let master = 0; master < MASTERS; master++) this.#apis.push(this.#newApi(master));
    for (const definition of SINGLETONS)
      this.#leaders.set(definition.name, this.#newLeader(definition, this.#dice.below(MASTERS)));
  }

  stopMasters(): void {
    for (const { world } of this.watchers) this.#dead.add(world);
    this.#apis.length = 0;
    this.#leaders.clear();
    this.#stale.clear();
  }

  startWorkers(): void {
    for (const node of this.nodes) this.#startKubelet(node);
  }

  get watchers(): readonly Watcher[] {
    return [...this.#apis, ...this.#leaders.values(), ...this.#stale.keys()];
  }

  get kubelets(): readonly Member[] {
    return this.nodes.map(({ name, kubelet }) => ({ name, world: kubelet }));
  }

  /** One that leads, and those that still think they do. */
  get dispatchers(): readonly Watcher[] {
    return this.watchers.filter(({ name }) => name === dispatcher.name);
  }

  /** @returns `undefined` while no master runs */
  anyApi(): Watcher | undefined {
    return this.#dice.pick(this.#apis);
  }

  /** @param is which one; `undefined` where it was killed */
  api(is: (api: Watcher) => boolean): Watcher | undefined {
    return this.#apis.find(is);
  }

  node(name: string): SimNode {
    const node = this.nodes.find((each) => each.name === name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  isDead(world: TestWorld): boolean {
    return this.#dead.has(world);
  }

  failOver(actor: string): void {
    const before = this.#leaders.get(actor);
    if (before === undefined) throw new Error(`there is no ${actor}`);
    this.#stale.set(before, this.#time.now + this.#dice.below(STALE_TICKS_MOST) * TICK_MS);
    this.#leaders.set(actor, this.#newLeader(before.world.core.definition, (before.master + 1) % MASTERS));
  }

  /** Who was followed by another has learned of it. */
  retire(): void {
    for (const [watcher, gone] of this.#stale) {
      if (gone > this.#time.now) continue;
      this.#dead.add(watcher.world);
      this.#stale.delete(watcher);
    }
  }

  restartApi(): void {
    const { master, world } = this.anyApi() as Watcher;
    this.#dead.add(world);
    this.#apis[master] = this.#newApi(master);
  }

  /** @param reboots its machine does, not the worker alone */
  restartKubelet(node: SimNode, reboots: boolean): void {
    this.#dead.add(node.kubelet);
    if (reboots) node.reboot(this.#seed());
    else node.restartKubelet(this.#seed());
    this.#startKubelet(node);
  }

  /** An actor's time goes on. */
  goOn(world: TestWorld): void {
    const now = this.#timeOf(world)();
    world.now = Math.max(world.now, now - TICK_MS); // where it jumps ahead, whatever is due is due at once
    world.advance(now - world.now);
  }

  #timeOf(world: TestWorld): () => number {
    const time = this.#times.get(world);
    if (time === undefined) throw new Error('it has not begun');
    return time;
  }

  #seed(): readonly number[] {
    return Array.from({ length: 4 }, () => 1 + this.#dice.below(2 ** 31));
  }

  #newApi(master: number): Watcher {
    const name = `api-${master}`;
    return this.#begin(name, apiServer({ authorization: 'RBAC', instance: name }), master, { instance: name });
  }

  #newLeader(definition: ActorDefinition, master: number): Watcher {
    const epoch = this.#store.nextEpoch(definition.name);
    // Not by its own name: `node-lifecycle` is whom a node called lifecycle speaks as.
    const self = { caller: 'master', instance: `${definition.name}-${epoch}`, epoch };
    return this.#begin(definition.name, definition, master, self);
  }

  /** Whoever starts has listed what is there. */
  #begin(name: string, definition: ActorDefinition, master: number, self: Partial<Self>): Watcher {
    const time = (this.clocks[master] as Clock).ofProcess();
    const world = testWorld(definition, { now: time(), self, seed: this.#seed() });
    const heard = this.#store.length;
    this.#store.show(world, 0, heard);
    this.#start({ name, world }, time);
    return { name, world, master, heard };
  }

  #startKubelet({ name, kubelet, time }: SimNode): void {
    this.#start({ name, world: kubelet }, time);
  }

  #start(newcomer: Member, time: () => number): void {
    this.#times.set(newcomer.world, time);
    newcomer.world.start();
    this.#listen(newcomer);
  }
}
