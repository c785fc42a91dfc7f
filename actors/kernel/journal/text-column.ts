import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

const FAMILIES = 8;
const SAME = 0x80;

/**
 * Writes and reads texts of one kind (subjects, ids, keys). Each is written as the end that it does not share with one of
 * eight remembered texts. A text that shares at least half of itself with a remembered one replaces that; any other text
 * replaces the oldest.
 */
export class TextColumn {
  readonly #recent: string[] = [];
  #oldest = 0;

  write(writer: ByteWriter, text: string): void {
    const recent = this.#recent;
    const same = recent.indexOf(text);
    if (same >= 0) {
      writer.byte(SAME | same);
      return;
    }
    let like = 0;
    let shared = 0;
    for (let family = 0; family < recent.length; family++) {
      const other = recent[family] as string;
      if (other.charCodeAt(shared) !== text.charCodeAt(shared)) continue; // shares no more than the best so far
      const common = sharedStart(other, text);
      if (common > shared) {
        shared = common;
        like = family;
      }
    }
    let place = like;
    if (2 * shared < text.length) {
      place = this.#oldest;
      this.#oldest = (place + 1) % FAMILIES;
    }
    writer.byte((like << 3) | place);
    writer.count(shared);
    writer.text(text, shared);
    recent[place] = text;
  }

  read(reader: ByteReader): string {
    const byte = reader.byte();
    const like = this.#recent[byte & SAME ? byte & 7 : (byte >> 3) & 7] ?? '';
    if (byte & SAME) return like;
    const shared = reader.count();
    if (shared > like.length) throw new RangeError(`a text shares ${shared} units with one of ${like.length}`);
    const text = like.slice(0, shared) + reader.text();
    this.#recent[byte & 7] = text;
    return text;
  }
}

/** How many UTF-16 units two texts share at the start, without splitting a surrogate pair. */
function sharedStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a.charCodeAt(shared) === b.charCodeAt(shared)) shared += 1;
  return shared > 0 && (b.charCodeAt(shared - 1) & 0xfc00) === 0xd800 ? shared - 1 : shared;
}
