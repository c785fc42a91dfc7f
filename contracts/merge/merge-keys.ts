/** How a list (or struct) is merged; what a table does not name is atomic when it is a list, merged when it is a struct. */
export interface MergeKey {
  /** A list of structs: the fields that tell its items apart. `[]` = a set of plain values. */
  readonly by?: readonly string[];
  /** What an absent key field counts as. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Of a struct, or each struct of the list: fields that the new manifest does not name are dropped, not kept. */
  readonly retainKeys?: true;
}
/** Type -> field -> how it is merged. */
export type MergeKeyTable = Readonly<Record<string, Readonly<Record<string, MergeKey>>>>;
