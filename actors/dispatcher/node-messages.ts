import type { DispatchedPod, NodePods } from '../../contracts/messages/node.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Cell, Said, World } from '../kernel/contract.ts';
import { publish } from '../kernel/declare.ts';

/** What the dispatcher sends. */
export const says = { sendPods: publish(SUBJECTS.nodePods) };
export type DispatcherWorld = World<typeof says>;

/** Numbers the messages to each node, by which a kubelet notices that it missed one or that another dispatcher leads. */
export class NodeMessages {
  readonly #world: DispatcherWorld;
  /** When this dispatcher sent its first message, in milliseconds since the Unix epoch; 0 = not yet. */
  readonly #begunAt: Cell<number>;
  /** The highest counter of any node that is gone: a new node of that name starts above it. */
  readonly #floor: Cell<number>;

  constructor(world: DispatcherWorld) {
    this.#world = world;
    this.#begunAt = world.cell<number>('begun-at', 0);
    this.#floor = world.cell<number>('floor', 0);
  }

  /** How far the messages to a node have come. */
  position(node: string): Required<Pick<NodePods, 'epoch' | 'begunAt' | 'counter'>> {
    return { epoch: this.#world.self.epoch ?? 0, begunAt: this.#start(), counter: this.#counter(node).get() };
  }

  /** The next message to a node. */
  next(node: string, changed: readonly DispatchedPod[], removed: NodePods['removed']): Said {
    const counter = this.#counter(node);
    counter.set(counter.get() + 1);
    return this.#world.say.sendPods({ node }, { ...this.position(node), changed, removed });
  }

  /** The node is gone with its pods. */
  forget(node: string): void {
    const counter = this.#counter(node);
    this.#floor.set(Math.max(this.#floor.get(), counter.get()));
    counter.drop();
  }

  #start(): number {
    if (this.#begunAt.get() === 0) this.#begunAt.set(this.#world.now());
    return this.#begunAt.get();
  }
  #counter(node: string): Cell<number> {
    return this.#world.cell<number>(`counter/${node}`, this.#floor.get());
  }
}
