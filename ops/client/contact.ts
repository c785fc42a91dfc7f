/** Is notified by a reader after each attempt whether the cluster answers. */
export interface Contact {
  /** No answer, for this reason; the reader will retry. */
  lost(why: string): void;
  /** An answer arrived. */
  heard(): void;
}
