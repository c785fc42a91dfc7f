import type { Change, View } from '../contract.ts';

/** The indexes of one actor over its view: built once, then updated by the changes since. */
export class DerivedIndexes {
  readonly #view: View;
  readonly #shown: View;
  readonly #known = new Map<string, { readonly value: unknown; readonly revision: number }>();

  /**
   * @param view  source of the changes
   * @param shown the same view as the behaviour sees it, passed to `build`
   */
  constructor(view: View, shown: View) {
    this.#view = view;
    this.#shown = shown;
  }

  clear(): void {
    this.#known.clear();
  }

  /** The index as of the view's revision; rebuilt when the view no longer retains the changes since the last read. */
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
