declare const brand: unique symbol;

/** One NATS token: no dot, no wildcard, no space. Only `token()` makes one. */
export type Token = string & { readonly [brand]: 'Token' };

/** Means "none" (no namespace, no name) in subjects and store keys. A real value `_` is escaped, so the two never collide. */
export const NONE = '_' as Token;

const PLAIN = /^[A-Za-z0-9_-]+$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The one escape for every token, in subjects and store keys alike: bytes of the UTF-8 form outside `[A-Za-z0-9_-]`
 * become `=XX` (upper-case hex). The empty string and `undefined` become `_`, the literal `_` becomes `=5F`.
 */
export function token(value: string | undefined): Token {
  if (value === undefined || value === '') return NONE;
  if (value === '_') return '=5F' as Token;
  if (PLAIN.test(value)) return value as Token;
  let escaped = '';
  for (const byte of encoder.encode(value)) {
    const char = String.fromCharCode(byte);
    escaped += PLAIN.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped as Token;
}

/**
 * Undoes `token()`. `_` gives the empty string.
 * @returns `undefined` for a token that `token()` cannot have made (bad escape, stray character, bad UTF-8).
 */
export function untoken(escaped: string): string | undefined {
  if (escaped === NONE) return '';
  if (PLAIN.test(escaped)) return escaped;
  const bytes: number[] = [];
  for (let at = 0; at < escaped.length; at++) {
    const char = escaped.charAt(at);
    if (char === '=') {
      const hex = escaped.slice(at + 1, at + 3);
      if (!/^[0-9A-F]{2}$/.test(hex)) return undefined;
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    } else if (PLAIN.test(char)) bytes.push(char.charCodeAt(0));
    else return undefined;
  }
  try {
    const value = decoder.decode(Uint8Array.from(bytes));
    return token(value) === escaped ? value : undefined;
  } catch {
    return undefined;
  }
}
