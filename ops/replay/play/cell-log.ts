import type { ActorDefinition, Cell, Json } from '../../../actors/kernel/replay-api.ts';

/** What one turn did to one cell; an absent value is the cell's initial value. */
export interface CellChange {
  readonly name: string;
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
}

/**
 * Records an actor's cells and what each turn does to them. It wraps the cells that the behaviour gets; the behaviour does
 * not notice.
 */
export class CellLog {
  #values = new Map<string, Json>();
  #before = new Map<string, Json | undefined>();

  /** The same actor with wrapped cells. */
  listenTo(definition: ActorDefinition): ActorDefinition {
    return {
      ...definition,
      behave: (inputs, world) =>
        definition.behave(inputs, {
          ...world,
          cell: <T extends Json>(name: string, initial: T) => this.#wrapped(name, world.cell(name, initial)),
        }),
    };
  }

  /** Sets the cells of a start: those of its checkpoint, or none. */
  load(values: Readonly<Record<string, Json>>): void {
    for (const name of this.#values.keys()) if (!Object.hasOwn(values, name)) this.#note(name);
    for (const [name, value] of Object.entries(values)) {
      if (JSON.stringify(this.#values.get(name)) !== JSON.stringify(value)) this.#note(name);
    }
    this.#values = new Map(Object.entries(values));
  }

  /** The cells that do not have their initial values. */
  get values(): ReadonlyMap<string, Json> {
    return this.#values;
  }

  /** Changes since the last call, by name. */
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

  #wrapped<T extends Json>(name: string, cell: Cell<T>): Cell<T> {
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
