import type { DocumentOptions, ParseOptions, ScalarTag, SchemaOptions } from 'yaml';

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
  uniqueKeys: true,
  merge: true,
  customTags: (tags) => [octal, ...tags],
};
