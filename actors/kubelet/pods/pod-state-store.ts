import type { PodStatus } from '../../../contracts/kinds/kinds.ts';
import type { Json, World } from '../../kernel/contract.ts';
import { type NodeFacts, newState, type PodState } from './pod-types.ts';

/** Cells with what the kubelet remembers: each pod's state and last planned status, and facts about the node. */
export class PodStateStore {
  readonly #world: World<unknown>;

  constructor(world: World<unknown>) {
    this.#world = world;
  }
  state(uid: string): PodState {
    return (this.#cell('state', uid).get() ?? newState(this.#world.now())) as PodState;
  }
  has(uid: string): boolean {
    return this.#cell('state', uid).get() !== null;
  }
  setState(uid: string, state: PodState): void {
    this.#cell('state', uid).set(state);
  }
  /** The status planned last. */
  status(uid: string): PodStatus | undefined {
    return (this.#cell('status', uid).get() ?? undefined) as PodStatus | undefined;
  }
  setStatus(uid: string, status: PodStatus): void {
    this.#cell('status', uid).set(status as unknown as Json);
  }
  forget(uid: string): void {
    this.#cell('state', uid).drop();
    this.#cell('status', uid).drop();
  }
  /** Uids of the pods that have a state. */
  get uids(): readonly string[] {
    return this.#world.cellNames('state/').map((name) => name.slice('state/'.length));
  }
  get facts(): NodeFacts | undefined {
    return (this.#world.cell<Json>('facts', null).get() ?? undefined) as NodeFacts | undefined;
  }
  set facts(facts: NodeFacts) {
    this.#world.cell<Json>('facts', null).set({ ...facts });
  }
  #cell(kind: string, uid: string) {
    return this.#world.cell<Json>(`${kind}/${uid}`, null);
  }
}
