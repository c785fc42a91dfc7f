const NOTHING = Buffer.alloc(0);
const ROOM_LEAST = 256;
const LONG_TEXT = 64;

/** Writes numbers, texts and bytes one after the other into a buffer that grows. An empty one holds no memory. */
export class ByteWriter {
  #bytes: Buffer = NOTHING;
  #view: DataView = new DataView(NOTHING.buffer);
  /** Room kept free before what is written, for a head that is known only at the end. */
  readonly #front: number;
  #at: number;
  /** As much as was written the last time: there are thousands of writers, and most write little. */
  #room = ROOM_LEAST;

  /** @param front bytes of the longest head that `take` can put before what is written without moving it */
  constructor(front = 0) {
    this.#front = front;
    this.#at = front;
  }

  get length(): number {
    return this.#at - this.#front;
  }

  /** What was written since the last time with `head` before it, and begins anew. */
  take(head: Uint8Array = NOTHING): Uint8Array {
    const from = this.#front - head.length;
    const taken =
      from < 0 || this.#bytes === NOTHING
        ? Buffer.concat([head, this.#bytes.subarray(this.#front, this.#at)])
        : this.#bytes.subarray(from, this.#at);
    if (from >= 0 && this.#bytes !== NOTHING) taken.set(head);
    this.drop();
    return taken;
  }

  /** Begins anew. */
  drop(): void {
    if (this.length > 0) this.#room = Math.max(ROOM_LEAST, this.#at);
    this.#bytes = NOTHING;
    this.#at = this.#front;
  }

  byte(value: number): void {
    if (this.#at >= this.#bytes.length) this.#grow(1);
    this.#bytes[this.#at++] = value;
  }

  /** A whole number from 0 to 2^53: seven bits a byte, the lowest first. */
  count(value: number): void {
    if (this.#at + 8 > this.#bytes.length) this.#grow(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = rest < 0x8000_0000 ? rest >>> 7 : Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  /** A whole number of either sign and at most 2^52. */
  difference(value: number): void {
    this.count(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Eight bytes, the highest first. */
  eight(value: bigint): void {
    if (this.#at + 8 > this.#bytes.length) this.#grow(8);
    this.#view.setBigUint64(this.#at, value);
    this.#at += 8;
  }

  /** Bytes whose number the reader knows. */
  raw(bytes: Uint8Array): void {
    if (this.#at + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  bytes(bytes: Uint8Array): void {
    this.count(bytes.length);
    this.raw(bytes);
  }

  /** @param from the part of the text before is left out */
  text(text: string, from = 0): void {
    const units = text.length - from;
    if (this.#at + 3 * units + 8 > this.#bytes.length) this.#grow(3 * units + 8);
    if (units > LONG_TEXT) {
      this.#longText(text.slice(from));
      return;
    }
    for (let unit = from; unit < text.length; unit++) {
      if (text.charCodeAt(unit) < 0x80) continue;
      this.bytes(Buffer.from(text.slice(from), 'utf8'));
      return;
    }
    this.count(units);
    for (let unit = from; unit < text.length; unit++) this.#bytes[this.#at++] = text.charCodeAt(unit);
  }

  /** A call that leaves JavaScript, which pays where there is much to write. There is room for it. */
  #longText(text: string): void {
    const before = this.#at;
    this.count(text.length);
    const written = this.#bytes.write(text, this.#at);
    if (written === text.length) this.#at += written;
    else {
      this.#at = before; // not of ASCII alone: its bytes are more than its units
      this.bytes(Buffer.from(text, 'utf8'));
    }
  }

  #grow(by: number): void {
    const wider = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#room, this.#at + by));
    wider.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = wider;
    this.#view = new DataView(wider.buffer);
  }
}
