import type { Change, View } from '../contract.ts';

/** The indexes that one actor's behaviour keeps over its view: built once, then stepped by the changes since. */
export class DerivedIndexes {
  readonly #view: View;
  readonly #shown: View;
  readonly #known = new Map<string, { readonly value: unknown; readonly revision: number }>();

  /**
   * @param view  where changes are read
   * @param shown the same view as behaviours see it, from which an index is built
   */
  constructor(view: View, shown: View) {
    this.#view = view;
    this.#shown = shown;
  }

  clear(): void {
    this.#known.clear();
  }

  /** The index as of the view's revision; built anew when the view no longer remembers what changed since. */
  read<T>(name: string, build: (view: View) => T, step: (index: T, change: Change) => T): T {
    const known = this.#known.get(name);
    const { revision } = this.#view;
    if (known !== undefined && known.revision === revision) return known.value as T;
    const changes = known === undefined ? undefined : this.#view.since(known.revision);
    const value =
      changes === undefined
        ? build(this.#shown)
        : changes.reduce((index, change) => step(index, change), known?.value as T);
    this.#known.set(name, { value, revision });
    return value;
  }
}
