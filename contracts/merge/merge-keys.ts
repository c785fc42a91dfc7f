/** How a list or struct is merged. By default, lists are replaced and structs are merged. */
export interface MergeKey {
  /** Of a list of structs: the fields that identify an item. `[]` = a set of plain values. */
  readonly by?: readonly string[];
  /** Values for absent key fields. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Of a struct, or of each struct in the list: fields that the new manifest omits are removed. */
  readonly retainKeys?: true;
}
/** Type -> field -> how the field is merged. */
export type MergeKeyTable = Readonly<Record<string, Readonly<Record<string, MergeKey>>>>;
