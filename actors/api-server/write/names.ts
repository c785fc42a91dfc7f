/** Letters and digits that make no words, as Kubernetes takes them for generated names. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const LENGTH = 5;

/** What completes a `metadata.generateName`. @param random uniform in [0, 1) */
export function nameSuffix(random: () => number): string {
  let suffix = '';
  while (suffix.length < LENGTH) suffix += ALPHABET[Math.floor(random() * ALPHABET.length)] ?? '';
  return suffix;
}
