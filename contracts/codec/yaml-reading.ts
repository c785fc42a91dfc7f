import {
  type Alias,
  type Document,
  type DocumentOptions,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type ParseOptions,
  type ScalarTag,
  type SchemaOptions,
  type YAMLError,
  YAMLParseError,
} from 'yaml';

/** `0400` is a file's mode, and in every Kubernetes manifest octal; YAML 1.2 by itself reads four hundred. */
const octal: ScalarTag = {
  identify: () => false, // what is written is written in decimal
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^[-+]?0[0-7]+$/,
  resolve: (text) => (text.startsWith('-') ? -1 : 1) * Number.parseInt(text.replace(/^[-+]/, ''), 8),
};

/**
 * How manifests are read, here and at the command line alike: YAML 1.2, which keeps `on` and `yes` what they look like, with
 * what Kubernetes' manifests use of 1.1 besides: octal numbers and merge keys (`<<: *defaults`).
 */
export const YAML_READING: ParseOptions & DocumentOptions & SchemaOptions = {
  uniqueKeys: false, // looked for by `firstError`: the parser compares each key with all others
  merge: true,
  resolveKnownTags: false, // `!!binary`, `!!set` and `!!timestamp` are no values that JSON has: what they are written on stays
  logLevel: 'error', // its warnings quote what it reads, into the log of whoever was sent it
  customTags: (tags) => [octal, ...tags],
};

/** As many values as a list of pods of the largest size spells out. */
const VALUES_MOST = 400_000;
/** What an alias stands for is looked for among all that have a name, which takes as long as so many values. */
const ALIAS_SIZE = 100;

/** What is wrong with a document that was read so, if anything is: also a doubled key, and aliases of too much or themselves. */
export function firstError({ errors, contents }: Pick<Document.Parsed, 'errors' | 'contents'>): YAMLError | undefined {
  if (errors[0] !== undefined) return errors[0];
  try {
    if (sizeOf(contents, new Map()) <= VALUES_MOST) return undefined;
    const start = contents?.range[0] ?? 0;
    return new YAMLParseError([start, start], 'BAD_ALIAS', 'Excessive alias count (write out what they stand for)');
  } catch (error) {
    if (error instanceof YAMLParseError) return error;
    throw error;
  }
}

/** What a name stands for: the latest node before its alias that is called so. */
interface Named {
  readonly node: Node;
  /** `undefined` within that node itself. */
  readonly size: number | undefined;
}

/**
 * How many values a node stands for, its aliases written out.
 * @param names what was named so far
 * @throws YAMLParseError for a doubled key, one that is no scalar, and an alias of what it is part of
 */
function sizeOf(node: unknown, names: Map<string, Named>): number {
  if (isAlias(node)) return ALIAS_SIZE + sizeOfAlias(node, names.get(node.source));
  const anchor = isNode(node) ? node.anchor : undefined;
  if (isNode(node) && anchor !== undefined) names.set(anchor, { node, size: undefined });
  let size = 1;
  if (isSeq(node)) for (const item of node.items) size += sizeOf(item, names);
  else if (isMap(node)) {
    const keys = new Set<string | symbol>();
    for (const { key, value } of node.items) {
      const text = keyOf(key, names);
      if (keys.has(text)) throw fault(key, 'DUPLICATE_KEY', 'Map keys must be unique');
      keys.add(text);
      // What is merged is copied, and may have been merged before: twice a time is enough.
      size += sizeOf(key, names) + (typeof text === 'symbol' ? 2 : 1) * sizeOf(value, names);
    }
  }
  if (isNode(node) && anchor !== undefined) names.set(anchor, { node, size });
  return size;
}

/** Of a name that nobody has: the reader tells. */
function sizeOfAlias(alias: Alias, named: Named | undefined): number {
  if (named === undefined) return 0;
  if (named.size !== undefined) return named.size;
  throw fault(alias, 'BAD_ALIAS', 'An alias must not be part of what it stands for');
}

/** A key as it will be read: a text; a merge is a symbol. */
function keyOf(key: unknown, names: ReadonlyMap<string, Named>): string | symbol {
  const said = isAlias(key) ? names.get(key.source)?.node : key;
  if (isMap(said) || isSeq(said)) throw fault(key, 'NON_STRING_KEY', 'A key must be a text, not a map or a list');
  const value = isScalar(said) ? (said.value as string | number | boolean | symbol | null) : null;
  return typeof value === 'symbol' ? value : String(value ?? '');
}

function fault(node: unknown, code: ErrorCode, finding: string): YAMLParseError {
  const [start, end] = (isNode(node) ? node.range : undefined) ?? [0, 0];
  return new YAMLParseError([start, end], code, finding);
}
