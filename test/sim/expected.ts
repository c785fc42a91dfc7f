import type { KubeObject } from '../../contracts/kinds/kinds.ts';

/** What people were told was made, and have no reason to find gone; in the namespace `default`. */
export class Expected {
  /** `resource/name` -> its uid. */
  readonly uids = new Map<string, string>();
  /** How often each was asked to go. */
  readonly #removals = new Map<string, number>();
  readonly #underWay = new Map<string, number>();

  /** Somebody asks for it. @returns to be called when that is acknowledged */
  begin(resource: string, name: string): (made: KubeObject) => void {
    const what = `${resource}/${name}`;
    const removals = this.#removals.get(what);
    const mayGo = (this.#underWay.get(what) ?? 0) > 0;
    return ({ metadata }) => {
      if (!mayGo && this.#removals.get(what) === removals) this.uids.set(what, metadata?.uid ?? '');
    };
  }

  /** Somebody wants it gone. @returns to be called when that can no longer happen */
  remove(resource: string, name: string): () => void {
    const what = `${resource}/${name}`;
    const add = (counts: Map<string, number>, by: number): void => void counts.set(what, (counts.get(what) ?? 0) + by);
    this.uids.delete(what);
    add(this.#removals, 1);
    add(this.#underWay, 1);
    return () => add(this.#underWay, -1);
  }

  forget(resource: string): void {
    for (const what of this.uids.keys()) if (what.startsWith(`${resource}/`)) this.uids.delete(what);
  }
}
