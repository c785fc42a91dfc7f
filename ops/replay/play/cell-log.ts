import type { ActorDefinition, Cell, Json } from '../../../actors/kernel/replay-api.ts';

/** What one turn did to one cell; absent = the cell had its initial value. */
export interface CellChange {
  readonly name: string;
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
}

/**
 * Knows an actor's cells and what each turn does to them, by listening at the contract alone: the behaviour is handed
 * cells that tell of it, and cannot know.
 */
export class CellLog {
  #values = new Map<string, Json>();
  #before = new Map<string, Json | undefined>();

  /** The same actor, with cells that tell. */
  listenTo(definition: ActorDefinition): ActorDefinition {
    return {
      ...definition,
      behave: (inputs, world) =>
        definition.behave(inputs, {
          ...world,
          cell: <T extends Json>(name: string, initial: T) => this.#told(name, world.cell(name, initial)),
        }),
    };
  }

  /** A start takes its cells from a checkpoint, or has none. */
  load(values: Readonly<Record<string, Json>>): void {
    for (const name of this.#values.keys()) if (!Object.hasOwn(values, name)) this.#note(name);
    for (const [name, value] of Object.entries(values)) {
      if (JSON.stringify(this.#values.get(name)) !== JSON.stringify(value)) this.#note(name);
    }
    this.#values = new Map(Object.entries(values));
  }

  /** Every cell that does not have its initial value, now. */
  get values(): ReadonlyMap<string, Json> {
    return this.#values;
  }

  /** What changed since this was asked last, in the order of the names. */
  take(): readonly CellChange[] {
    if (this.#before.size === 0) return NONE;
    const changes: CellChange[] = [];
    for (const [name, before] of this.#before) {
      const after = this.#values.get(name);
      if (before !== after && JSON.stringify(before) !== JSON.stringify(after)) changes.push({ name, before, after });
    }
    this.#before.clear();
    return changes.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #note(name: string): void {
    if (!this.#before.has(name)) this.#before.set(name, this.#values.get(name));
  }

  #told<T extends Json>(name: string, cell: Cell<T>): Cell<T> {
    return {
      get: () => cell.get(),
      set: (value) => {
        cell.set(value);
        this.#note(name);
        this.#values.set(name, value);
      },
      drop: () => {
        cell.drop();
        this.#note(name);
        this.#values.delete(name);
      },
    };
  }
}

const NONE: readonly CellChange[] = [];
