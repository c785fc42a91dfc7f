import { DEPTH_MAX, overBudget, tooDeep } from './decoding-budget.ts';

/** A map or list that is being read. */
interface Open {
  readonly isMap: boolean;
  /** Values, and for a map keys too, that are still to come. */
  left: number;
  index: number;
  /** Where the bytes of the newest key begin and end. */
  keyAt: readonly [start: number, end: number];
}

type Part =
  | { readonly kind: 'container'; readonly isMap: boolean; readonly count: number; readonly size: number }
  | { readonly kind: 'text'; readonly start: number; readonly size: number }
  /** `size` is the length in bytes, its head included. */
  | { readonly kind: 'scalar'; readonly size: number };

const SCALAR_BYTES: Readonly<Record<number, number>> = {
  0xc0: 1, 0xc2: 1, 0xc3: 1, // nil, false, true
  0xca: 5, 0xcb: 9, // floats
  0xcc: 2, 0xcd: 3, 0xce: 5, 0xcf: 9, // unsigned integers
  0xd0: 2, 0xd1: 3, 0xd2: 5, 0xd3: 9, // integers
}; // biome-ignore format: a table
const FLOAT_32 = 0xca;
const FLOAT_64 = 0xcb;
const TIMESTAMP = 0xff;
/** The three forms of a timestamp: head and length. */
const TIMESTAMP_BYTES: Readonly<Record<number, number>> = { 0xd6: 4, 0xd7: 8, 0xc7: 12 };
const PROTO = '__proto__';
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Checks in one pass, before anything is decoded, that bytes are one value of plain MessagePack: maps with text keys, lists, texts, numbers,
 * booleans, nil and timestamps. References, records, binary data and other extensions are rejected: msgpackr would build from
 * some of them what no tree is.
 * @throws Error with the place, such as `at spec.containers[0] (byte 17)`, and the finding
 */
export function checkMsgpack(bytes: Uint8Array): void {
  new Check(bytes).run();
}

class Check {
  readonly #bytes: Buffer;
  readonly #open: Open[] = [];
  #at = 0;
  #containers = 0;
  #names = 0;
  #scalars = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): void {
    do this.#value();
    while (this.#open.length > 0);
    if (this.#at < this.#bytes.length) this.#refuse('more bytes follow the value; send one value in each message');
    this.#checkBudget();
  }

  /** @param names, scalars at most as many more are to come */
  #checkBudget(names = 0, scalars = 0): void {
    const parts = { containers: this.#containers, names: this.#names + names, scalars: this.#scalars + scalars };
    const finding = overBudget(parts, this.#bytes.length);
    if (finding !== undefined) throw new Error(finding);
  }

  #value(): void {
    const inside = this.#open.at(-1);
    const isKey = inside?.isMap === true && inside.left % 2 === 0;
    const part = this.#part();
    if (isKey) inside.keyAt = this.#key(part);
    else if (part.kind === 'container') this.#containers++;
    else this.#scalars++;
    if (part.kind === 'text' && !isKey) this.#text(part);
    this.#at += part.size;
    if (this.#at > this.#bytes.length) this.#endsEarly();
    const entered = part.kind === 'container' ? this.#entered(part.isMap, part.count) : undefined;
    if (inside !== undefined) {
      inside.left--;
      if (!isKey) inside.index++;
    }
    if (entered !== undefined) this.#open.push(entered);
    while (this.#open.at(-1)?.left === 0) this.#open.pop();
  }

  /** A container whose values come next; all of them are charged at once. */
  #entered(isMap: boolean, count: number): Open {
    const left = isMap ? 2 * count : count;
    // Each value has a byte at least: a length that the rest cannot hold is rejected before it is believed.
    if (left > this.#bytes.length - this.#at) this.#endsEarly();
    if (this.#open.length >= DEPTH_MAX) throw new Error(tooDeep(`${this.#place()}:`));
    this.#checkBudget(isMap ? count : 0, count);
    return { isMap, left, index: 0, keyAt: [0, 0] };
  }

  #key(part: Part): readonly [start: number, end: number] {
    if (part.kind !== 'text') this.#refuse('a key of a map is not a text; use texts as keys');
    this.#names++;
    this.#text(part);
    const [start, end] = [this.#at + part.start, this.#at + part.size];
    if (end - start === PROTO.length && this.#bytes.toString('latin1', start, end) === PROTO)
      this.#refuse(`a field is named "${PROTO}", which is reserved; use another name`);
    return [start, end];
  }

  #text({ start, size }: Part & { readonly kind: 'text' }): void {
    const end = this.#at + size;
    if (end > this.#bytes.length) this.#endsEarly();
    let at = this.#at + start;
    while (at < end && (this.#bytes[at] as number) < 0x80) at++;
    if (at === end) return; // ASCII, as nearly all texts are
    // Of bytes that are no UTF-8 this makes replacement characters; only a text with one is checked by the slow decoder.
    if (!this.#bytes.toString('utf8', at, end).includes('\ufffd')) return;
    try {
      utf8.decode(this.#bytes.subarray(at, end));
    } catch {
      this.#refuse('a text is not valid UTF-8');
    }
  }

  #part(): Part {
    const head = this.#byte(0);
    if (head <= 0x7f || head >= 0xe0) return { kind: 'scalar', size: 1 };
    if (head <= 0x8f) return { kind: 'container', isMap: true, count: head & 0x0f, size: 1 };
    if (head <= 0x9f) return { kind: 'container', isMap: false, count: head & 0x0f, size: 1 };
    if (head <= 0xbf) return { kind: 'text', start: 1, size: 1 + (head & 0x1f) };
    const scalar = SCALAR_BYTES[head];
    if (scalar !== undefined) {
      if (head === FLOAT_32 || head === FLOAT_64) this.#finite(head, scalar);
      return { kind: 'scalar', size: scalar };
    }
    if (head >= 0xd9 && head <= 0xdb) {
      const width = 2 ** (head - 0xd9);
      return { kind: 'text', start: 1 + width, size: 1 + width + this.#number(width) };
    }
    if (head >= 0xdc && head <= 0xdf) {
      const width = head % 2 === 0 ? 2 : 4;
      return { kind: 'container', isMap: head >= 0xde, count: this.#number(width), size: 1 + width };
    }
    return this.#extension(head);
  }

  #finite(head: number, size: number): void {
    if (this.#at + size > this.#bytes.length) this.#endsEarly();
    const value = head === FLOAT_32 ? this.#bytes.readFloatBE(this.#at + 1) : this.#bytes.readDoubleBE(this.#at + 1);
    if (!Number.isFinite(value)) this.#refuse('a number is not finite; JSON has no such numbers');
  }

  #extension(head: number): Part {
    if (head >= 0xc4 && head <= 0xc6) this.#refuse('binary data is not accepted; send text, binary data in base64');
    const isFixed = head >= 0xd4 && head <= 0xd8;
    const width = isFixed ? 0 : 2 ** (head - 0xc7);
    if (!isFixed && (head < 0xc7 || head > 0xc9)) this.#refuse(`byte 0x${head.toString(16)} begins no value`);
    const length = isFixed ? 2 ** (head - 0xd4) : this.#number(width);
    const type = this.#byte(1 + width);
    if (type !== TIMESTAMP || TIMESTAMP_BYTES[head] !== length)
      this.#refuse(`extension type 0x${type.toString(16).padStart(2, '0')} is not accepted; send plain MessagePack`);
    return { kind: 'scalar', size: 2 + width + length };
  }

  #byte(offset: number): number {
    const byte = this.#bytes[this.#at + offset];
    return byte ?? this.#endsEarly();
  }

  /** The length that follows the head. */
  #number(width: number): number {
    if (this.#at + 1 + width > this.#bytes.length) this.#endsEarly();
    return this.#bytes.readUIntBE(this.#at + 1, width);
  }

  #endsEarly(): never {
    this.#refuse('the message ends before the value does; send it whole');
  }

  #refuse(finding: string): never {
    throw new Error(`${this.#place()}: ${finding}`);
  }

  /** Containers around the innermost one have counted the value that is being read. */
  #place(): string {
    const path = this.#open.map(({ isMap, keyAt: [start, end], index, left }, depth) => {
      const isInnermost = depth === this.#open.length - 1;
      if (!isMap) return `[${isInnermost ? index : index - 1}]`;
      return isInnermost && left % 2 === 0 ? '' : `.${printable(this.#bytes.toString('utf8', start, end))}`;
    });
    const place = path.join('').replace(/^\./, '');
    return place === '' ? `at byte ${this.#at}` : `at ${place} (byte ${this.#at})`;
  }
}

/** A name in an error: short, and without characters that a terminal would act upon. */
const printable = (name: string): string => name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64);
