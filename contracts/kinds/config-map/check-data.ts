import { configKey } from '../name-formats.ts';
import type { Findings } from '../validation-findings.ts';

/** Largest total size of the data of a ConfigMap or Secret, in bytes. */
export const DATA_MAX = 1024 * 1024;

/** Length of the UTF-8 form in bytes, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3; // a surrogate counts two of the pair's four bytes
  }
  return bytes;
}
/** Length in bytes of the data that base64 text encodes. */
export const base64Length = (text: string): number => {
  const plain = text.replace(/[\r\n]/g, '');
  return (plain.length / 4) * 3 - (plain.endsWith('==') ? 2 : plain.endsWith('=') ? 1 : 0);
};

/** Keys must be valid file names. */
export function checkKeys(data: Readonly<Record<string, string>>, field: string, findings: Findings): void {
  for (const key of Object.keys(data)) {
    for (const detail of configKey(key)) findings.invalid(`${field}[${key}]`, key, detail);
  }
}
