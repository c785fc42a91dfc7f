import {
  type Document,
  type DocumentOptions,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type ParseOptions,
  type Scalar,
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
  customTags: (tags) => [octal, ...tags],
};

/** As many values as a message of the largest size can spell out. */
const VALUES_MOST = 4_000_000;
/** What an alias stands for is looked for among all that have a name, which takes as long as so many values. */
const ALIAS_SIZE = 1_000;

/** What is wrong with a document that was read so, if anything is: also a doubled key, and aliases that stand for too much. */
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

/**
 * How many values a node stands for, its aliases written out.
 * @param anchors sizes of what was named so far
 * @throws YAMLParseError for a doubled key, and one that is no scalar
 */
function sizeOf(node: unknown, anchors: Map<string, number>): number {
  if (isAlias(node)) return ALIAS_SIZE + (anchors.get(node.source) ?? 0);
  let size = 1;
  if (isSeq(node)) for (const item of node.items) size += sizeOf(item, anchors);
  else if (isMap(node)) {
    const keys = new Set<unknown>();
    for (const { key, value } of node.items) {
      if (isMap(key) || isSeq(key)) throw fault(key, 'NON_STRING_KEY', 'A key must be a text, not a map or a list');
      if (isScalar(key) && keys.has(key.value)) throw fault(key, 'DUPLICATE_KEY', 'Map keys must be unique');
      if (isScalar(key)) keys.add(key.value);
      // What is merged is copied, and may have been merged before: twice a time is enough.
      const merges = isScalar(key) && typeof key.value === 'symbol';
      size += sizeOf(key, anchors) + (merges ? 2 : 1) * sizeOf(value, anchors);
    }
  }
  if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, size);
  return size;
}

function fault({ range }: Pick<Scalar, 'range'>, code: ErrorCode, finding: string): YAMLParseError {
  const [start, end] = range ?? [0, 0];
  return new YAMLParseError([start, end], code, finding);
}
