/** Letters and digits that make no words, as Kubernetes takes them for generated names. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX = 5;
/** Longest prefix that leaves room for the suffix in a label. */
const PREFIX_MAX = 63 - SUFFIX;

/** A name from `metadata.generateName`. @param random uniform in [0, 1) */
export function generatedName(prefix: string, random: () => number): string {
  let name = prefix.slice(0, PREFIX_MAX);
  for (let at = 0; at < SUFFIX; at++) name += ALPHABET[Math.floor(random() * ALPHABET.length)];
  return name;
}
