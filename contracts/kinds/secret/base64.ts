const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const digit = (bits: number): string => ALPHABET[bits & 63] ?? '';

/** Base64 of the UTF-8 bytes of a text. Needs no Node, so that contracts run anywhere. */
export function base64OfText(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let out = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    out += digit(bits >> 18) + digit(bits >> 12);
    out += (b === undefined ? '=' : digit(bits >> 6)) + (c === undefined ? '=' : digit(bits));
  }
  return out;
}

/** The text that base64 stands for; broken UTF-8 becomes replacement characters. */
export function textOfBase64(base64: string): string {
  const plain = base64.replace(/[\r\n=]/g, '');
  const bytes = new Uint8Array(Math.floor((plain.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const char of plain) {
    bits = ((bits << 6) | ALPHABET.indexOf(char)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = (bits >> held) & 0xff;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
