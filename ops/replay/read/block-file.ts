import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { counted } from '../compare/counted.ts';

/**
 * A file of blocks, each with a digest that detects damage:
 *
 *   mark (16 bytes) | version | blocks, each: type | length of its body (4 bytes) | digest (16 bytes) | body, deflated
 *
 * A digest covers the digest before it, the type and the body, so a block that was altered, moved or left out is detected.
 * The last block has the type of the end.
 */
export interface Block {
  /** One letter. */
  readonly type: string;
  readonly body: Uint8Array;
}

/** Why a file cannot be read; the message follows the file's name. */
export class BadFile extends Error {}

const MARK = Buffer.from('TROUPE-RECORDING', 'latin1');
const END = 'E';
const DIGEST_BYTES = 16;
const HEAD_BYTES = 1 + 4 + DIGEST_BYTES;
/** Largest inflated body that is read; writers stay far below it. */
const BODY_BYTES_MAX = 256 * 2 ** 20;

function digestOf(before: Uint8Array, type: number, body: Uint8Array): Buffer {
  const hash = createHash('sha256').update(before).update(Uint8Array.of(type)).update(body);
  return hash.digest().subarray(0, DIGEST_BYTES);
}

export function* encodeBlocks(version: number, blocks: Iterable<Block>): Generator<Uint8Array> {
  const start = Buffer.concat([MARK, Uint8Array.of(version)]);
  let digest: Uint8Array = start;
  yield start;
  const encode = ({ type, body }: Block): Uint8Array => {
    const letter = type.charCodeAt(0);
    const deflated = deflateRawSync(body);
    digest = digestOf(digest, letter, deflated);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(deflated.length);
    return Buffer.concat([Uint8Array.of(letter), length, digest, deflated]);
  };
  for (const block of blocks) yield encode(block);
  yield encode({ type: END, body: new Uint8Array(0) });
}

/**
 * @param version the only version that the caller reads
 * @throws BadFile
 */
export function* decodeBlocks(file: Uint8Array, version: number): Generator<Block> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const start = bytes.subarray(0, MARK.length + 1);
  if (!start.subarray(0, MARK.length).equals(MARK))
    throw new BadFile('it is not a recording file; "troupe record export" writes one');
  const found = start[MARK.length];
  if (found === undefined) throw new BadFile(cutShort(0, bytes.length));
  if (found !== version)
    throw new BadFile(
      `its format is version ${found}, and this build reads version ${version} only; use the build of troupe that wrote it`,
    );
  let digest: Uint8Array = start;
  let at = start.length;
  for (let number = 1; ; number++) {
    const bodyAt = at + HEAD_BYTES;
    if (bodyAt > bytes.length) throw new BadFile(cutShort(number, bytes.length));
    const letter = bytes[at] as number;
    const end = bodyAt + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) throw new BadFile(cutShort(number, bytes.length));
    const body = bytes.subarray(bodyAt, end);
    digest = digestOf(digest, letter, body);
    if (!bytes.subarray(at + 5, bodyAt).equals(digest))
      throw new BadFile(
        `it is damaged: block ${number}, at byte ${at}, does not match its digest; copy the file again`,
      );
    at = end;
    if (String.fromCharCode(letter) === END) break;
    yield { type: String.fromCharCode(letter), body: inflated(body, number) };
  }
  const left = bytes.length - at;
  if (left > 0)
    throw new BadFile(`it is damaged: ${counted(left, 'byte follows', 'bytes follow')} its end; copy the file again`);
}

function inflated(body: Uint8Array, number: number): Uint8Array {
  try {
    return inflateRawSync(body, { maxOutputLength: BODY_BYTES_MAX });
  } catch (error) {
    throw new BadFile(`block ${number} cannot be inflated: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const cutShort = (block: number, bytes: number): string =>
  `it is cut short or damaged: it ends at byte ${bytes}, in the middle of block ${block}; copy the file again`;
