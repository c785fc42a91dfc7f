import {
  type Document,
  type DocumentOptions,
  isScalar,
  type ParseOptions,
  type ScalarTag,
  type SchemaOptions,
  visit,
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

/** What is wrong with a document that was read so, if anything is; a doubled key too. */
export function firstError({ errors, contents }: Pick<Document.Parsed, 'errors' | 'contents'>): YAMLError | undefined {
  if (errors[0] !== undefined) return errors[0];
  let doubled: YAMLError | undefined;
  visit(contents, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const [start, end] = key.range ?? [0, 0];
          doubled = new YAMLParseError([start, end], 'DUPLICATE_KEY', 'Map keys must be unique');
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return doubled;
}
