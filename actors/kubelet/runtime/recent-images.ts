/** How long an image id is trusted: images may be built and tagged anew on the node itself. */
const TRUSTED_MS = 1000;

/** Images seen on the node a moment ago, so that pods that start together do not each look up the same image. */
export class RecentImages {
  readonly #ids = new Map<string, string>();
  /** By image name, in the order in which they were seen. */
  readonly #seenAt = new Map<string, number>();

  /** The image ids by name. @param now milliseconds since the Unix epoch */
  at(now: number): ReadonlyMap<string, string> {
    for (const [name, seenAt] of this.#seenAt) {
      if (seenAt > now - TRUSTED_MS) break;
      this.#ids.delete(name);
      this.#seenAt.delete(name);
    }
    return this.#ids;
  }

  saw({ name, id }: { readonly name: string; readonly id: string }, now: number): void {
    this.#ids.set(name, id);
    this.#seenAt.delete(name);
    this.#seenAt.set(name, now);
  }

  lost(name: string): void {
    this.#ids.delete(name);
  }
}
