import { FIELDS } from './generated/fields.ts';

/** Types that are not made of fields. */
export const BASICS = [
  'string',
  'boolean',
  'int32',
  'int64',
  'time',
  'microtime',
  'bytes',
  'quantity',
  'int-or-string',
  'any',
] as const;
export type Basic = (typeof BASICS)[number];

/** What a field holds: one value, a list of them, or a map from string. */
export interface FieldNode {
  readonly name: string;
  readonly shape: 'one' | 'list' | 'map';
  readonly required: boolean;
  /** Set when the values are of a basic type. */
  readonly basic: Basic | undefined;
  /** Set when they are made of fields. */
  readonly type: TypeNode | undefined;
}
export interface TypeNode {
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldNode>;
  /** Names of the fields that must be there. */
  readonly required: readonly string[];
}

/** The table of fields, as generated: type -> field -> code. A custom kind brings a table of its own. */
export type FieldTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

const BASIC = new Set<string>(BASICS);

/** Makes the nodes of a table on first use; the nodes of one table are linked, never copied. */
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
    known.set(type, made); // before its fields, which may mention it again
    for (const [name, text] of Object.entries(codes)) fields.set(name, field(name, text));
    return made;
  };
  return node;
}

/** Node of one of Kubernetes' own types, by its name without version: `PodSpec`. */
export const typeNode = schemaOf(FIELDS);
