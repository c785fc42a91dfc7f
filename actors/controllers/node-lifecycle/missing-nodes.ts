import { own } from '../../../contracts/json-values.ts';
import type { Cell, Millis, World } from '../../kernel/contract.ts';

/** Name of a node that pods are bound to and that does not exist -> since when it has been missing. */
type Missing = { readonly [node: string]: Millis };

/** Keeps track, in a cell, of nodes that do not exist though pods are bound to them. */
export class MissingNodes {
  readonly #world: Pick<World<unknown>, 'cell' | 'now' | 'view'>;
  readonly #quarantineMs: number;
  readonly #since: Cell<Missing>;

  /** @param quarantineMs time after which a missing node is not expected to register again */
  constructor(world: Pick<World<unknown>, 'cell' | 'now' | 'view'>, quarantineMs: number) {
    this.#world = world;
    this.#quarantineMs = quarantineMs;
    this.#since = world.cell<Missing>('missing', {});
  }

  get names(): readonly string[] {
    return Object.keys(this.#since.get());
  }

  /** @param named names of all nodes that pods are bound to */
  update(named: Iterable<string>): void {
    const known = this.#since.get();
    const { view } = this.#world;
    const now = this.#world.now();
    const missing = [...named].filter((name) => view.get('nodes', undefined, name) === undefined).sort();
    if (missing.length === 0 && Object.keys(known).length === 0) return;
    this.#since.set(Object.fromEntries(missing.map((name) => [name, own(known, name) ?? now])));
  }

  /** Has the node been missing for longer than the quarantine? */
  isGone(name: string): boolean {
    const since = own(this.#since.get(), name);
    return since !== undefined && this.#world.now() - since >= this.#quarantineMs;
  }
}
