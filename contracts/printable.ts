/** Control characters, halves of characters, and what turns the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;

/**
 * Text that somebody else chose, as it may stand in a line: nothing in it ends the line or moves a terminal's cursor. Pure.
 * @param max characters (UTF-16 units); what is longer is cut, and ends in "…"
 */
export function printable(text: string, max: number = text.length): string {
  const cut = text.length > max ? `${text.slice(0, max - 1)}…` : text;
  return cut.replace(UNPRINTABLE, ' ');
}

/** A refusal quotes what it was given only so far that its author knows it again. */
const WORD_MAX = 100;

/** A word that somebody else chose, as a message quotes it. Pure. */
export const quotable = (word: string): string => printable(word, WORD_MAX);
