import { isPlain, type Plain } from '../../contracts/json-values.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { Key } from '../../contracts/store/keys.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';

/** Version of the chunk format. Readers accept every version up to this one. */
export const CHECKPOINT_VERSION = 1;

/** First line of a chunk. */
export interface ChunkHeader {
  readonly v: number;
  readonly revision: number;
  readonly chunk: number;
}
/** The last message of a checkpoint; without it the checkpoint is incomplete. */
export interface CheckpointEnd extends ChunkHeader {
  /** Number of objects and of chunks, not counting this end. */
  readonly objects: number;
  readonly chunks: number;
}
/** One line of a chunk: an object in its stored form, secret data sealed. */
export interface ChunkEntry {
  readonly key: Key;
  readonly revision: number;
  readonly object: KubeObject;
}

/**
 * Groups entries into chunks: lines of JSON, the header first.
 * @param bytesMax size of a chunk; a larger entry gets a chunk of its own
 */
export function* planChunks(revision: number, entries: Iterable<ChunkEntry>, bytesMax: number): Generator<string> {
  let chunk = 0;
  let lines: string[] = [];
  let bytes = 0;
  const header = (): string => JSON.stringify({ v: CHECKPOINT_VERSION, revision, chunk } satisfies ChunkHeader);
  for (const entry of entries) {
    const line = JSON.stringify(entry);
    const size = Buffer.byteLength(line) + 1;
    if (lines.length > 0 && bytes + size > bytesMax - HEADER_BYTES_MAX) {
      yield [header(), ...lines].join('\n');
      chunk++;
      lines = [];
      bytes = 0;
    }
    lines.push(line);
    bytes += size;
  }
  if (lines.length > 0) yield [header(), ...lines].join('\n');
}
const HEADER_BYTES_MAX = 100;

/** @throws RangeError when the text is not a chunk, or has a format that this version does not read */
export function parseChunk(text: string): { readonly header: ChunkHeader; readonly entries: readonly ChunkEntry[] } {
  const [header, ...entries] = text.split('\n').map(plainIn);
  checkVersion(header);
  for (const { key, revision, object } of entries)
    if (typeof key !== 'string' || !Number.isSafeInteger(revision) || !isPlain(object))
      throw new RangeError('a line is not an object with its key and revision');
  return { header: header as unknown as ChunkHeader, entries: entries as unknown as readonly ChunkEntry[] };
}

/** @throws RangeError when the text is not an end, or has a format that this version does not read */
export function parseEnd(text: string): CheckpointEnd {
  const end = plainIn(text);
  checkVersion(end);
  if (!Number.isSafeInteger(end['chunks']) || !Number.isSafeInteger(end['objects']))
    throw new RangeError('its last message is not valid');
  return end as unknown as CheckpointEnd;
}

function checkVersion(header: Plain | undefined): void {
  const version = header?.['v'];
  if (typeof version !== 'number' || !(version >= 1 && version <= CHECKPOINT_VERSION)) {
    throw new RangeError(`its format has version ${String(version)} and this troupe reads up to ${CHECKPOINT_VERSION}`);
  }
}

function plainIn(line: string): Plain {
  try {
    const found: unknown = JSON.parse(line);
    if (isPlain(found)) return found;
  } catch {
    // reported below
  }
  throw new RangeError('a line is not a JSON object');
}

/** One checkpoint, by the subjects of its stream. */
export interface CheckpointName {
  readonly revision: number;
  readonly chunks: readonly number[];
  readonly whole: boolean;
}
export const END_TOKEN = 'end';

const WHOLE = /^(0|[1-9]\d{0,14})$/;

/** The checkpoints that the subjects of the stream name, by ascending revision; other subjects are ignored. */
export function planCheckpoints(prefix: string, subjects: Iterable<string>): readonly CheckpointName[] {
  const found = new Map<number, { revision: number; chunks: number[]; whole: boolean }>();
  for (const subject of subjects) {
    const tokens = SUBJECTS.checkpoints.parse(prefix, subject);
    if (tokens === undefined || !WHOLE.test(tokens.revision)) continue;
    const { chunk } = tokens;
    if (chunk !== END_TOKEN && !WHOLE.test(chunk)) continue;
    const revision = Number(tokens.revision);
    const checkpoint = found.get(revision) ?? { revision, chunks: [], whole: false };
    found.set(revision, checkpoint);
    if (chunk === END_TOKEN) checkpoint.whole = true;
    else checkpoint.chunks.push(Number(chunk));
  }
  return [...found.values()].sort((a, b) => a.revision - b.revision);
}

/** A checkpoint is due after as many changes as there are objects, and at least `changesMin`. */
export function checkpointDue(state: {
  readonly revision: number;
  readonly checkpoint: number;
  readonly objects: number;
  readonly changesMin: number;
}): boolean {
  return state.revision - state.checkpoint >= Math.max(state.changesMin, state.objects);
}
