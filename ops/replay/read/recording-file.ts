import { closeSync, openSync, readFileSync, realpathSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { decodeSegment, encodeSegment, type Sealer } from '../../../actors/kernel/journal/journal.ts';
import { type CacheEntry, type Write, withRevision } from '../../../actors/kernel/view/cache.ts';
import { type Base, MemoryHistory, type Revisions } from '../../../actors/kernel/view/memory-history.ts';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { type ClusterKey, unsealOrLeave } from '../../../contracts/store/sealed.ts';
import { BUILD } from '../../boot/home/build.ts';
import { journalSealer } from '../../boot/roles/journal-sealer.ts';
import { BadFile, type Block, decodeBlocks, encodeBlocks } from './block-file.ts';
import { type Recording, RecordingGatherer } from './gather-recordings.ts';
import { keyOpens } from './key-opens.ts';

/** Version of the file's format; readers accept every version up to this one. */
export const FILE_VERSION = 1;

/** First block of a file. */
interface FileHead {
  /** Version of the program that wrote it. */
  readonly build: string;
  /** First token of the cluster's subjects. */
  readonly prefix: string;
  readonly holes: readonly Revisions[];
  /** Resources of which the history is; absent in files of before. */
  readonly kinds?: readonly string[] | 'all';
}

/** What a recording is played from, with no cluster, no server and no socket. */
export interface RecordingFile {
  /** Version of the program that wrote it. */
  readonly build: string;
  readonly prefix: string;
  /** In the order in which they began. */
  readonly recordings: readonly Recording[];
  /** What the store held at the first turn, and every write up to the last, of what the actors watch. */
  readonly history: MemoryHistory;
  /** Resources of which it is; absent: the file does not say. */
  readonly kinds?: ReadonlySet<string> | 'all';
  /** Opens what is sealed; absent without the cluster's key. */
  readonly sealer?: Sealer;
}

export interface RecordingFileContent {
  readonly prefix: string;
  readonly recordings: readonly Pick<Recording, 'incarnation' | 'turns'>[];
  /** Secrets in it must be sealed. */
  readonly history: Pick<MemoryHistory, 'all' | 'bases' | 'holes'>;
  /** Resources of which it is: of no others can be said that there are none. */
  readonly kinds?: ReadonlySet<string> | 'all';
}

const GZIP = Buffer.of(0x1f, 0x8b);
const HEAD = 'H';
const BASE = 'C';
const WRITES = 'W';
const SEGMENT = 'J';
/** Letters of JSON after which a new block is begun. */
const WEIGHT_MAX = 4 * 2 ** 20;
const TURNS_A_SEGMENT = 1_024;

/** The bytes of a file, piece by piece. */
export function encodeRecordingFile(content: RecordingFileContent): Generator<Uint8Array> {
  return encodeBlocks(FILE_VERSION, blocksOf(content));
}

function* blocksOf({ prefix, recordings, history, kinds }: RecordingFileContent): Generator<Block> {
  const told = typeof kinds === 'object' ? [...kinds].sort() : kinds;
  const head: FileHead = { build: BUILD, prefix, holes: history.holes, ...(told === undefined ? {} : { kinds: told }) };
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
 * Writes a recording file in one step: nobody finds half of one. A device or a pipe is written to as it is.
 * @returns its size in bytes
 * @throws StatusError InternalError: there is no such folder, no room, no right
 */
export function writeRecordingFile(path: string, content: RecordingFileContent): number {
  let fresh: string | undefined;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory() === true)
      throw statusError('BadRequest', `write ${path}: it is a folder; name a file in it with -o`);
    const place = there === undefined ? path : realpathSync(path);
    if (there === undefined || there.isFile()) fresh = `${place}.${process.pid}.new`;
    const size = writeAll(fresh ?? place, encodeRecordingFile(content));
    if (fresh !== undefined) renameSync(fresh, place);
    return size;
  } catch (error) {
    if (fresh !== undefined) removeIfMade(fresh);
    if (error instanceof StatusError) throw error;
    throw statusError('InternalError', `write ${path}: ${unwritten(path, error)} give another place with -o`);
  }
}

/** Why a file could not be written, up to the remedy that is for all of them. What the system says names a file that nobody asked for, `…/a.troupe.123.new`. */
function unwritten(path: string, error: unknown): string {
  const folder = dirname(path);
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: String(error) };
  if (code === 'ENOENT') return `there is no folder ${folder}; make it, or`;
  if (code === 'ENOTDIR') return `${folder} is no folder;`;
  if (code === 'EACCES' || code === 'EPERM') return `you may not write to ${folder} (${code});`;
  if (code === 'EROFS') return `${folder} can only be read (${code});`;
  if (code === 'ENOSPC' || code === 'EDQUOT') return `the disk is full (${code}); make room, or`;
  return `${message.replace(/, \w+( '.*)?$/s, '')};`;
}

function removeIfMade(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made: why not is what is told.
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
 * Reads a recording file; opens no socket.
 * @param key opens what carries secret data; without it such turns are skipped or compared by shape
 * @throws StatusError BadRequest (not such a file, of a newer format, damaged, cut short), NotFound
 */
export function readRecordingFile(path: string, key?: ClusterKey): RecordingFile {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw statusError('NotFound', `open ${path}: there is no such file`);
    if (code === 'EISDIR')
      throw statusError(
        'BadRequest',
        `open ${path}: it is a folder; "troupe replay check ${path}" plays what is in it`,
      );
    throw statusError('BadRequest', `open ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return decodeRecordingFile(path, bytes, key);
}

/** @param name of the file, for errors */
export function decodeRecordingFile(name: string, bytes: Uint8Array, key?: ClusterKey): RecordingFile {
  try {
    if (GZIP.equals(bytes.subarray(0, GZIP.length)))
      throw new BadFile(`it is packed by gzip; unpack it, and play that: gunzip ${name}`);
    return fileOf(decodeBlocks(bytes, FILE_VERSION), key);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const finding = error instanceof BadFile ? why : `what it holds cannot be read: ${why}`;
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
  if (head === undefined) throw new BadFile('it has no head');
  const recordings = gatherer.recordings();
  const history = new MemoryHistory(writes, { bases, holes: head.holes });
  if (key !== undefined && keyOpens(recordings, history, key) === false)
    throw new BadFile(
      'what is secret in it is sealed with another key than the one given; give cluster.key of the home that it is from, or play it without a key',
    );
  return {
    build: head.build,
    prefix: head.prefix,
    recordings,
    history,
    ...(head.kinds === undefined ? {} : { kinds: head.kinds === 'all' ? 'all' : new Set(head.kinds) }),
    ...(key === undefined ? {} : { sealer: journalSealer(key) }),
  };
}

const parse = (body: Uint8Array): unknown => JSON.parse(Buffer.from(body).toString('utf8'));
