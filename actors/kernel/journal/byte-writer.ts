const NOTHING = Buffer.alloc(0);
const PAGE_BYTES = 2_048;
/** Most free pages that are kept for reuse. */
const SPARE_MAX = 2_048;
/** Longest encoding of a number. */
const COUNT_BYTES = 8;
/** Longer texts and byte arrays are copied by a native call; for shorter ones the call costs more than it saves. */
const SHORT_TEXT = 64;
const SHORT_BYTES = 32;

class Page {
  readonly bytes = Buffer.allocUnsafeSlow(PAGE_BYTES);
  readonly view = new DataView(this.bytes.buffer);
  used = 0;
}

/** Free pages of all writers. There are thousands of writers, and few of them have much to write at the same time. */
const spare: Page[] = [];

/** Writes numbers, texts and bytes one after the other into pages, so growing copies nothing. An empty writer holds no memory. */
export class ByteWriter {
  readonly #full: Page[] = [];
  /** Bytes in full pages. */
  #turned = 0;
  #page: Page | undefined;
  #bytes: Buffer = NOTHING;
  #at = 0;

  get length(): number {
    return this.#turned + this.#at;
  }

  /** Returns `head` and what was written since the last `take`, and empties the writer. */
  take(head: Uint8Array = NOTHING): Uint8Array {
    const taken = Buffer.allocUnsafe(head.length + this.length);
    taken.set(head);
    let at = head.length;
    this.#turn();
    for (const { bytes, used } of this.#full) at += bytes.copy(taken, at, 0, used);
    this.drop();
    return taken;
  }

  /** Empties the writer. */
  drop(): void {
    this.#turn();
    for (const page of this.#full) if (spare.length < SPARE_MAX) spare.push(page);
    this.#full.length = 0;
    this.#turned = 0;
  }

  byte(value: number): void {
    if (this.#at === this.#bytes.length) this.#open();
    this.#bytes[this.#at++] = value;
  }

  /** An integer from 0 to 2^53: seven bits a byte, the lowest first. */
  count(value: number): void {
    this.#need(COUNT_BYTES);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = rest < 0x8000_0000 ? rest >>> 7 : Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  /** An integer of either sign, at most 2^52. */
  difference(value: number): void {
    this.count(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Eight bytes, the highest first. */
  eight(value: bigint): void {
    this.#need(8);
    this.#page?.view.setBigUint64(this.#at, value);
    this.#at += 8;
  }

  /** Bytes without their length: the reader knows it. */
  raw(bytes: Uint8Array): void {
    if (bytes.length <= SHORT_BYTES) {
      this.#need(SHORT_BYTES);
      for (let at = 0; at < bytes.length; at++) this.#bytes[this.#at++] = bytes[at] as number;
      return;
    }
    let left = bytes;
    for (let room = this.#bytes.length - this.#at; left.length > room; room = PAGE_BYTES) {
      this.#bytes.set(left.subarray(0, room), this.#at);
      this.#at += room;
      left = left.subarray(room);
      this.#open();
    }
    this.#bytes.set(left, this.#at);
    this.#at += left.length;
  }

  bytes(bytes: Uint8Array): void {
    this.count(bytes.length);
    this.raw(bytes);
  }

  /** @param from index of the first unit that is written */
  text(text: string, from = 0): void {
    const units = text.length - from;
    if (units > SHORT_TEXT || !this.#ascii(text, from, units)) this.bytes(Buffer.from(text.slice(from), 'utf8'));
  }

  /** @returns whether the text is ASCII only; otherwise nothing is written */
  #ascii(text: string, from: number, units: number): boolean {
    this.#need(1 + units);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = units;
    for (let index = from; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) return false;
      bytes[at++] = unit;
    }
    this.#at = at;
    return true;
  }

  /** Makes room for that many consecutive bytes, far fewer than a page has. */
  #need(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) this.#open();
  }

  #open(): void {
    this.#turn();
    this.#page = spare.pop() ?? new Page();
    this.#bytes = this.#page.bytes;
  }

  #turn(): void {
    if (this.#page === undefined) return;
    this.#page.used = this.#at;
    this.#full.push(this.#page);
    this.#turned += this.#at;
    this.#page = undefined;
    this.#bytes = NOTHING;
    this.#at = 0;
  }
}
