/** Wants to know whether a reader that asks again and again still gets answers; is told each time, not only of changes. */
export interface Contact {
  /** Nothing came, for this reason; it will be asked again. */
  lost(why: string): void;
  /** Something came. */
  heard(): void;
}
