import { apiServer } from '../../actors/api-server/api-server.ts';
import { controllers } from '../../actors/controllers/registry.ts';
import { dispatcher } from '../../actors/dispatcher/dispatcher.ts';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import { type TestWorld, testWorld } from '../../actors/kernel/testing/test-world.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import type { Dice } from './dice.ts';
import type { MemoryStore } from './memory-store.ts';
import { SimNode } from './sim-node.ts';
import { TICK_MS, type Time } from './time.ts';

const SINGLETONS: readonly ActorDefinition[] = [scheduler, ...controllers, dispatcher];
const API_SERVERS = 2;
const NODES = 3;
/** For how many ticks a leader that was followed by another goes on, at most. */
const STALE_TICKS_MOST = 20;

/** An actor, and what it is called on the bus. */
export interface Member {
  readonly name: string;
  readonly world: TestWorld;
}

/** An actor of the control plane, and how many of the store's changes it has heard of. */
export interface Watcher extends Member {
  heard: number;
}

/** Who is there: api-servers, leaders, those that were followed by another, and kubelets; and who was. */
export class Cast {
  readonly nodes: readonly SimNode[];
  /** Every incarnation that there ever was. */
  readonly worlds: TestWorld[] = [];
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
    this.nodes = Array.from({ length: NODES }, (_, at) => new SimNode(`node-${at}`, time.now, this.#seed()));
  }

  startMasters(): void {
    for (let at = 0; at < API_SERVERS; at++) this.#apis.push(this.#newApi(`api-${at}`));
    for (const definition of SINGLETONS) this.#leaders.set(definition.name, this.#newLeader(definition));
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

  anyApi(): Watcher {
    return this.#dice.pick(this.#apis) as Watcher;
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
    this.#leaders.set(actor, this.#newLeader(before.world.core.definition));
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
    const at = this.#dice.below(this.#apis.length);
    const { name, world } = this.#apis[at] as Watcher;
    this.#dead.add(world);
    this.#apis[at] = this.#newApi(name);
  }

  /** @param reboots its machine does, not the worker alone */
  restartKubelet(node: SimNode, reboots: boolean): void {
    this.#dead.add(node.kubelet);
    if (reboots) node.reboot(this.#seed());
    else node.restartKubelet(this.#seed());
    this.#startKubelet(node);
  }

  #seed(): readonly number[] {
    return Array.from({ length: 4 }, () => 1 + this.#dice.below(2 ** 31));
  }

  #newApi(name: string): Watcher {
    const options = { now: this.#time.now, self: { instance: name }, seed: this.#seed() };
    return this.#begin(name, testWorld(apiServer({ instance: name }), options));
  }

  #newLeader(definition: ActorDefinition): Watcher {
    const epoch = this.#store.nextEpoch(definition.name);
    // Not by its own name: `node-lifecycle` is whom a node called lifecycle speaks as.
    const self = { caller: 'master', instance: `${definition.name}-${epoch}`, epoch };
    return this.#begin(definition.name, testWorld(definition, { now: this.#time.now, self, seed: this.#seed() }));
  }

  /** Whoever starts has listed what is there. */
  #begin(name: string, world: TestWorld): Watcher {
    const heard = this.#store.length;
    this.#store.show(world, 0, heard);
    this.#start({ name, world });
    return { name, world, heard };
  }

  #startKubelet({ name, kubelet }: SimNode): void {
    this.#start({ name, world: kubelet });
  }

  #start(newcomer: Member): void {
    this.worlds.push(newcomer.world);
    newcomer.world.start();
    this.#listen(newcomer);
  }
}
