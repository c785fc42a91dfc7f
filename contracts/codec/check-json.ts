import { DEPTH_MAX, overBudget, tooDeep } from './decoding-budget.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = [0x5b, 0x7b];
const CLOSE = [0x5d, 0x7d];

/** The index after the text that begins at `start`, behind its opening quote; the length where it does not end. */
function endOfText(bytes: Uint8Array, start: number): number {
  let end = bytes.indexOf(QUOTE, start);
  while (end >= 0) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end + 1;
    end = bytes.indexOf(QUOTE, end + 1);
  }
  return bytes.length;
}

/**
 * Checks in one pass that JSON is neither too deep nor too costly to parse; whether it is JSON at all, the parser tells.
 * @throws Error with the place and the remedy
 */
export function checkJson(bytes: Uint8Array): void {
  let [depth, containers, names, commas] = [0, 0, 0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfText(bytes, at + 1) - 1;
    else if (byte === COMMA) commas++;
    else if (byte === COLON) names++;
    else if (OPEN.includes(byte)) {
      containers++;
      if (++depth > DEPTH_MAX) throw new Error(tooDeep(`at byte ${at}:`));
    } else if (CLOSE.includes(byte)) depth--;
  }
  const finding = overBudget({ containers, names, scalars: commas + 1 }, bytes.length);
  if (finding !== undefined) throw new Error(finding);
}
