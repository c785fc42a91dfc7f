import { own } from '../json-values.ts';

/* Hashes for generated names. They must stay the same in every release. */

const encoder = new TextEncoder();

/** FNV-1a, 32 bits, over the UTF-8 form. @returns an unsigned whole number */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Mixes the 32 bits, so that texts which differ in one letter get very different hashes (murmur3's finalizer). */
function mixed(hash: number): number {
  let mix = hash ^ (hash >>> 16);
  mix = Math.imul(mix, 0x85ebca6b);
  mix ^= mix >>> 13;
  mix = Math.imul(mix, 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}

/** Kubernetes' alphabet for generated names: no vowels, no look-alikes. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

/** `text` as `length` characters (at most 6 carry information) of Kubernetes' safe alphabet. */
export function safeHash(text: string, length: number): string {
  let left = mixed(fnv1a32(text));
  let name = '';
  for (let at = 0; at < length; at++) {
    name += SAFE.charAt(left % SAFE.length);
    left = Math.floor(left / SAFE.length);
  }
  return name;
}

/** Each letter of the hash's decimal form in the safe alphabet, as Kubernetes writes a pod-template-hash: 8 to 10 letters. */
export const safeDecimalHash = (text: string): string =>
  Array.from(String(fnv1a32(text)), (letter) => SAFE.charAt(letter.charCodeAt(0) % SAFE.length)).join('');

/** JSON with the fields of every object in code unit order and without undefined ones: equal values, equal texts. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(',')}}`;
}

/** Are two JSON values equal? The order of fields and undefined fields do not matter: the same as equal `canonicalJson`. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b)) return !isObject(a) && !isObject(b) && canonicalJson(a) === canonicalJson(b);
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, at) => sameJson(item, b[at]))
    );
  }
  let fields = 0;
  for (const name of Object.keys(a)) {
    const value = a[name];
    if (value === undefined) continue;
    fields += 1;
    const other = own(b, name);
    if (other === undefined || !sameJson(value, other)) return false;
  }
  return Object.keys(b).filter((name) => b[name] !== undefined).length === fields;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
