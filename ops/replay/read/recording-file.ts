import { closeSync, openSync, readFileSync, realpathSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type Base,
  type CacheEntry,
  decodeSegment,
  encodeSegment,
  MemoryHistory,
  type Revisions,
  type Sealer,
  type Write,
  withRevision,
} from '../../../actors/kernel/replay-api.ts';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { type ClusterKey, unsealOrLeave } from '../../../contracts/store/sealed.ts';
import { BUILD } from '../../boot/home/build.ts';
import { journalSealer } from '../../boot/roles/journal-sealer.ts';
import { BadFile, type Block, decodeBlocks, encodeBlocks } from './block-file.ts';
import { type Recording, RecordingGatherer } from './gather-recordings.ts';
import { keyOpens } from './key-opens.ts';

/** Version of the file format that this build writes and reads. */
export const FILE_VERSION = 1;

/** The first block of a file. */
interface FileHead {
  /** Version of the program that wrote it. */
  readonly build: string;
  /** First token of the cluster's subjects. */
  readonly prefix: string;
  readonly holes: readonly Revisions[];
  /** Resources that the history covers. */
  readonly kinds: readonly string[] | 'all';
}

/** The content of a recording file: all that a replay needs. */
export interface RecordingFile {
  /** Version of the program that wrote it. */
  readonly build: string;
  readonly prefix: string;
  /** Sorted by start. */
  readonly recordings: readonly Recording[];
  /** What the store held at the first turn, and every later write up to the last turn, of the resources in `kinds`. */
  readonly history: MemoryHistory;
  /** Resources that the history covers. */
  readonly kinds: ReadonlySet<string> | 'all';
  /** Opens what is sealed; absent without the cluster's key. */
  readonly sealer?: Sealer;
}

export interface RecordingFileContent {
  readonly prefix: string;
  readonly recordings: readonly Pick<Recording, 'incarnation' | 'turns'>[];
  /** Its Secrets must be sealed. */
  readonly history: Pick<MemoryHistory, 'all' | 'bases' | 'holes'>;
  /** Resources that the history covers; absent = all. */
  readonly kinds?: ReadonlySet<string> | 'all';
}

const GZIP = Buffer.of(0x1f, 0x8b);
const HEAD = 'H';
const BASE = 'C';
const WRITES = 'W';
const SEGMENT = 'J';
/** Characters of JSON after which a new block begins. */
const WEIGHT_MAX = 4 * 2 ** 20;
const TURNS_A_SEGMENT = 1_024;

/** The bytes of a file, in pieces. */
export function encodeRecordingFile(content: RecordingFileContent): Generator<Uint8Array> {
  return encodeBlocks(FILE_VERSION, blocksOf(content));
}

function* blocksOf({ prefix, recordings, history, kinds }: RecordingFileContent): Generator<Block> {
  const covered = typeof kinds === 'object' ? [...kinds].sort() : 'all';
  const head: FileHead = { build: BUILD, prefix, holes: history.holes, kinds: covered };
  yield { type: HEAD, body: json(head) };
  for (const { revision, entries } of history.bases) {
    yield { type: BASE, body: json({ revision, entries: [] } satisfies Base) };
    for (const lines of portions(entries)) yield { type: BASE, body: json({ revision, entries: lines }) };
  }
  for (const lines of portions(history.all)) yield { type: WRITES, body: json(lines) };
  for (const { incarnation, turns } of recordings) {
    for (let at = 0; at < turns.length; at += TURNS_A_SEGMENT) {
      const segment = { incarnation, gap: 0, turns: turns.slice(at, at + TURNS_A_SEGMENT) };
      yield { type: SEGMENT, body: encodeSegment(segment) };
    }
  }
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8');

function* portions<T>(items: readonly T[]): Generator<readonly T[]> {
  let portion: T[] = [];
  let weight = 0;
  for (const item of items) {
    portion.push(item);
    weight += JSON.stringify(item).length;
    if (weight < WEIGHT_MAX) continue;
    yield portion;
    portion = [];
    weight = 0;
  }
  if (portion.length > 0) yield portion;
}

/**
 * Writes a recording file to a temporary name and renames it, so no reader sees half of it. A device or pipe is written directly.
 * @returns its size in bytes
 * @throws StatusError BadRequest (the path is a folder), InternalError (no such folder, disk full, no permission)
 */
export function writeRecordingFile(path: string, content: RecordingFileContent): number {
  let fresh: string | undefined;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory() === true)
      throw statusError('BadRequest', `write ${path}: it is a folder; name a file with -o`);
    const place = there === undefined ? path : realpathSync(path);
    if (there === undefined || there.isFile()) fresh = `${place}.${process.pid}.new`;
    const size = writeAll(fresh ?? place, encodeRecordingFile(content));
    if (fresh !== undefined) renameSync(fresh, place);
    return size;
  } catch (error) {
    if (fresh !== undefined) removeIfMade(fresh);
    if (error instanceof StatusError) throw error;
    throw statusError('InternalError', `write ${path}: ${unwritten(path, error)} give another path with -o`);
  }
}

/** Why a file could not be written. The system's own message would name the temporary file. */
function unwritten(path: string, error: unknown): string {
  const folder = dirname(path);
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: String(error) };
  if (code === 'ENOENT') return `the folder ${folder} does not exist; create it, or`;
  if (code === 'ENOTDIR') return `${folder} is not a folder;`;
  if (code === 'EACCES' || code === 'EPERM') return `no permission to write to ${folder} (${code});`;
  if (code === 'ENOSPC') return `the disk is full (${code}); free some space, or`;
  return `${message.replace(/, \w+( '.*)?$/s, '')};`;
}

function removeIfMade(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It does not exist; the caller reports why.
  }
}

function writeAll(path: string, pieces: Iterable<Uint8Array>): number {
  const file = openSync(path, 'w', 0o600);
  try {
    let size = 0;
    for (const bytes of pieces) {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      size += bytes.length;
    }
    return size;
  } finally {
    closeSync(file);
  }
}

/**
 * Reads a recording file. Opens no socket.
 * @param key opens what carries secret data; without it such turns are skipped or compared by shape
 * @throws StatusError BadRequest (not a recording file, another format version, damaged, cut short), NotFound
 */
export function readRecordingFile(path: string, key?: ClusterKey): RecordingFile {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw statusError('NotFound', `open ${path}: the file does not exist`);
    if (code === 'EISDIR')
      throw statusError(
        'BadRequest',
        `open ${path}: it is a folder; "troupe replay check ${path}" plays the recording files in it`,
      );
    throw statusError('BadRequest', `open ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return decodeRecordingFile(path, bytes, key);
}

/** @param name the file's name, for errors @throws StatusError BadRequest */
export function decodeRecordingFile(name: string, bytes: Uint8Array, key?: ClusterKey): RecordingFile {
  try {
    if (GZIP.equals(bytes.subarray(0, GZIP.length)))
      throw new BadFile(`it is compressed with gzip; decompress it first: gunzip ${name}`);
    return fileOf(decodeBlocks(bytes, FILE_VERSION), key);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const finding = error instanceof BadFile ? why : `its content cannot be read: ${why}`;
    throw statusError('BadRequest', `open ${name}: ${finding}`);
  }
}

function fileOf(blocks: Iterable<Block>, key: ClusterKey | undefined): RecordingFile {
  let head: FileHead | undefined;
  const bases: { revision: number; entries: CacheEntry[] }[] = [];
  const writes: Write[] = [];
  const gatherer = new RecordingGatherer();
  const open = ({ key: at, revision, object }: Write): Write['object'] =>
    object === undefined ? undefined : withRevision(unsealOrLeave(at, object, key), revision);
  for (const { type, body } of blocks) {
    if (type === HEAD) head = parse(body) as FileHead;
    else if (type === SEGMENT) gatherer.add(decodeSegment(body), body.length);
    else if (type === BASE) {
      const { revision, entries } = parse(body) as Base;
      let base = bases.at(-1);
      if (base?.revision !== revision) bases.push((base = { revision, entries: [] }));
      for (const entry of entries) base.entries.push({ ...entry, object: open(entry) as CacheEntry['object'] });
    } else if (type === WRITES) {
      for (const write of parse(body) as Write[]) writes.push({ ...write, object: open(write) });
    }
  }
  if (head === undefined) throw new BadFile('it has no head block');
  const recordings = gatherer.recordings();
  const history = new MemoryHistory(writes, { bases, holes: head.holes });
  if (key !== undefined && keyOpens(recordings, history, key) === false)
    throw new BadFile(
      'its secret data is sealed with another key than the one given; give cluster.key of the home that recorded it, or play it without a key',
    );
  return {
    build: head.build,
    prefix: head.prefix,
    recordings,
    history,
    kinds: head.kinds === 'all' ? 'all' : new Set(head.kinds),
    ...(key === undefined ? {} : { sealer: journalSealer(key) }),
  };
}

const parse = (body: Uint8Array): unknown => JSON.parse(Buffer.from(body).toString('utf8'));
