/** Control characters, lone surrogates, line separators and bidirectional controls. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;

/**
 * Makes untrusted text safe for one line of output: nothing in it ends the line or moves a terminal's cursor. Pure.
 * @param max length in UTF-16 units; longer text is cut and ends in "…"
 */
export function printable(text: string, max: number = text.length): string {
  const cut = text.length > max ? `${text.slice(0, max - 1)}…` : text;
  return cut.replace(UNPRINTABLE, ' ');
}

/** Long enough for the author of a request to recognise a quoted word. */
const WORD_MAX = 100;

/** Makes an untrusted word safe to quote in a message. Pure. */
export const quotable = (word: string): string => printable(word, WORD_MAX);
