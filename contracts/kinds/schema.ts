import { FIELDS } from './generated/fields.ts';

/** Basic types, which have no fields. */
export const BASICS = [
  'string',
  'boolean',
  'int32',
  'int64',
  'number',
  'time',
  'microtime',
  'bytes',
  'quantity',
  'int-or-string',
  'any',
] as const;
export type Basic = (typeof BASICS)[number];

/** A field: one value, a list of values, or a map from strings to values. */
export interface FieldNode {
  readonly name: string;
  readonly shape: 'one' | 'list' | 'map';
  readonly required: boolean;
  /** Set when the values are of a basic type. */
  readonly basic: Basic | undefined;
  /** Set when the values have fields. */
  readonly type: TypeNode | undefined;
}
export interface TypeNode {
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldNode>;
  /** Names of the required fields. */
  readonly required: readonly string[];
}

/** The generated table of fields: type -> field -> code. A custom kind has its own table. */
export type FieldTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

const BASIC = new Set<string>(BASICS);

/** Looks types up in a table. Nodes are made on first use and linked, never copied. */
export function schemaOf(table: FieldTable): (type: string) => TypeNode {
  const known = new Map<string, TypeNode>();
  const field = (name: string, text: string): FieldNode => {
    const shape = text.startsWith('[]') ? 'list' : text.startsWith('{}') ? 'map' : 'one';
    const type = text.replace(/^(\[\]|\{\})/, '').replace(/!$/, '');
    const basic = BASIC.has(type) ? (type as Basic) : undefined;
    return { name, shape, required: text.endsWith('!'), basic, type: basic === undefined ? node(type) : undefined };
  };
  const node = (type: string): TypeNode => {
    const before = known.get(type);
    if (before !== undefined) return before;
    const codes = Object.hasOwn(table, type) ? table[type] : undefined;
    if (codes === undefined) throw new Error(`schema: there is no type ${type}; known are those of the field table`);
    const fields = new Map<string, FieldNode>();
    const made: TypeNode = {
      name: type,
      fields,
      required: Object.keys(codes).filter((name) => codes[name]?.endsWith('!')),
    };
    known.set(type, made); // before its fields, which may refer to it
    for (const [name, text] of Object.entries(codes)) fields.set(name, field(name, text));
    return made;
  };
  return node;
}

/** One of Kubernetes' own types, by its name without version: `PodSpec`. */
export const typeNode = schemaOf(FIELDS);
