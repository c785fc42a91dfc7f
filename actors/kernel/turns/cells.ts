import { canonicalJson } from '../../../contracts/hash/stable-hash.ts';
import type { Cell, Json } from '../contract.ts';
import { deepFreeze } from './freeze.ts';

/** The state of one actor that survives a crash. */
export class Cells {
  #values = new Map<string, Json>();
  readonly #check: (what: string) => void;
  readonly #freeze: boolean;

  /**
   * @param check  called before each use by a behaviour, with the name of the operation
   * @param freeze deep-freeze values put into a cell, so that mutating them throws
   */
  constructor(check: (what: string) => void, freeze: boolean) {
    this.#check = check;
    this.#freeze = freeze;
  }

  load(values: Readonly<Record<string, Json>>): void {
    this.#values = new Map(Object.entries(values));
  }
  /** All cells by name, sorted by name. */
  values(): Readonly<Record<string, Json>> {
    return Object.fromEntries([...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  has(name: string): boolean {
    return this.#values.has(name);
  }
  /** Is a cell set whose name begins with `start`? */
  hasAny(start: string): boolean {
    for (const name of this.#values.keys()) if (name.startsWith(start)) return true;
    return false;
  }
  get size(): number {
    return this.#values.size;
  }
  /** All cells as canonical JSON: independent of the order in which cells and fields were set. */
  canonical(): string {
    return canonicalJson(Object.fromEntries(this.#values));
  }

  /** A behaviour's handle on one cell. */
  cell<T extends Json>(name: string, initial: T): Cell<T> {
    return {
      get: () => {
        this.#check(`cell(${name}).get()`);
        return (this.#values.get(name) ?? initial) as T;
      },
      set: (value) => {
        this.#check(`cell(${name}).set()`);
        this.#values.set(name, this.#freeze ? deepFreeze(value) : value);
      },
      drop: () => {
        this.#check(`cell(${name}).drop()`);
        this.#values.delete(name);
      },
    };
  }
  /** Names that begin with `prefix`, sorted. */
  names(prefix: string): readonly string[] {
    this.#check('cellNames()');
    return [...this.#values.keys()].filter((name) => name.startsWith(prefix)).sort();
  }
}
