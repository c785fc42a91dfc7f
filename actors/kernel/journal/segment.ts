import { decodeMsgpack, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { HEADER, type Headers } from '../../../contracts/headers.ts';
import type { Bytes, Checkpoint, Hash, Json, Rec, Ref } from '../contract.ts';
import { LATEST_HEADER, REPLY_HEADER } from '../turns/call-routing.ts';
import { bodyDigest, bodyHash, digestIn } from './body-hash.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { RecordedTurn, SaidThen, SaidToKeep, Segment, TurnToKeep } from './recorded.ts';
import type { Incarnation } from './recorder.ts';
import { TextColumn } from './text-column.ts';

/*
 * The format of segments. It leaves out what repeats from turn to turn: numbers are written as differences from the turn
 * before, texts as the part that they do not share with an earlier text of the same column, and no hash is written where
 * the body is.
 *
 *   "TJ" version | length and MessagePack of the head | count of turns | turns
 *
 * A change of the format carries a new version; test/fixtures/recordings pins the bytes.
 */
const MAGIC = [0x54, 0x4a] as const;
/** Version of the format that this build writes and reads. */
export const JOURNAL_VERSION = 1;
const HASH_BYTES = 12;
const DIGEST_BYTES = 8;

const RECS = ['start', 'checkpoint', 'change', 'call', 'answer', 'due'] as const;
const REC_BITS = 7;
const SEALED = 0x08;
const SHAPE = 0x10;
const STATE = 0x20;
/** The turn does not follow the one before it by number: the difference is written. */
const APART = 0x40;
/** The hash of the state is keyed. */
const STATE_KEYED = 0x80;

const KINDS = ['publish', 'request', 'port', 'reply', 'report'] as const;
const KIND_BITS = 7;
const BODY = 0x08;
/** A keyed hash of 12 bytes is written; otherwise a hash of the body, of 8 bytes. */
const KEYED = 0x10;
const NO_HASH = 0x20;
/** `why` is written. */
const WHY = 0x40;

/** Headers by number. Any other name is written out, under number 0. */
const HEADERS: readonly string[] = [
  '',
  HEADER.contentType,
  REPLY_HEADER,
  HEADER.cause,
  HEADER.epoch,
  LATEST_HEADER,
  HEADER.id,
  HEADER.from,
  HEADER.trace,
  HEADER.version,
  'Nats-Sequence',
  'Nats-Last-Sequence',
];
const NUMBERS: ReadonlyMap<string, number> = new Map(HEADERS.map((name, number) => [name, number]));

/** One column for each kind of text. */
class Columns {
  readonly id = new TextColumn();
  readonly ask = new TextColumn();
  readonly key = new TextColumn();
  readonly subject = new TextColumn();
  readonly say = new TextColumn();
  readonly why = new TextColumn();
  readonly header = HEADERS.map(() => new TextColumn());
  readonly name = new TextColumn();
}

type Head = readonly [
  actor: string,
  instance: string,
  caller: string,
  prefix: string,
  epoch: number | null,
  incarnation: number,
  config: Json,
  seed: readonly number[],
  window: number,
  node: string,
  icu: string,
  build: string,
  driver: boolean,
  gap: number,
];

type Before = Pick<RecordedTurn, 'n' | 'now' | 'view'>;
const START: Before = { n: 0, now: 0, view: {} };

/** Writes the segments of one incarnation. Each turn is encoded when it is added, so no turn stays in memory; the head comes first in the result. */
export class SegmentWriter {
  readonly #incarnation: Incarnation;
  readonly #head: Bytes;
  readonly #writer = new ByteWriter();
  #columns: Columns | undefined;
  /** One object for all turns: a new one per turn would be garbage at once. */
  readonly #before: { -readonly [Field in keyof Before]: Before[Field] } = { ...START };
  #turns = 0;

  constructor(incarnation: Incarnation) {
    this.#incarnation = incarnation;
    this.#head = encodeMsgpack(headOf(incarnation, 0));
  }

  get turns(): number {
    return this.#turns;
  }

  /** Bytes of the turns so far. */
  get bytes(): number {
    return this.#writer.length;
  }

  /** @throws Error when the turn cannot be encoded; the segment is then unusable and must be dropped */
  add(turn: TurnToKeep): void {
    this.#turns += 1;
    this.#columns ??= new Columns();
    writeTurn(this.#writer, turn, this.#before, this.#columns);
    this.#before.n = turn.n;
    this.#before.now = turn.now;
    this.#before.view = turn.view;
  }

  /** Ends the segment and begins the next. @param gap turns dropped just before it @returns the bytes to store */
  take(gap: number): Bytes {
    const start = new ByteWriter();
    for (const byte of [...MAGIC, JOURNAL_VERSION]) start.byte(byte);
    start.bytes(gap === 0 ? this.#head : encodeMsgpack(headOf(this.#incarnation, gap)));
    start.count(this.#turns);
    const segment = this.#writer.take(start.take());
    this.drop();
    return segment;
  }

  /** Discards the segment and begins the next. */
  drop(): void {
    this.#writer.drop();
    this.#columns = undefined;
    Object.assign(this.#before, START);
    this.#turns = 0;
  }
}

export function encodeSegment({
  incarnation,
  gap,
  turns,
}: Omit<Segment, 'turns'> & { readonly turns: readonly TurnToKeep[] }): Bytes {
  const segment = new SegmentWriter(incarnation);
  for (const turn of turns) segment.add(turn);
  return segment.take(gap);
}

function headOf(of: Incarnation, gap: number): Head {
  const { self, incarnation, config, seed, window, node, icu, build, driver } = of;
  const { actor, instance, caller, prefix, epoch } = self;
  return [
    actor,
    instance,
    caller,
    prefix,
    epoch ?? null,
    incarnation,
    config,
    seed,
    window,
    node,
    icu,
    build,
    driver,
    gap,
  ];
}

function writeTurn(writer: ByteWriter, turn: TurnToKeep, before: Before, columns: Columns): void {
  const { rec, state } = turn;
  const type = rec.t === 'start' && rec.checkpoint !== undefined ? 'checkpoint' : rec.t;
  const apart = turn.n !== before.n + 1;
  writer.byte(
    RECS.indexOf(type) |
      (turn.sealed === true ? SEALED : 0) |
      (turn.shape === true ? SHAPE : 0) |
      (state === undefined ? 0 : STATE) |
      (apart ? APART : 0) |
      (turn.stateKeyed === true ? STATE_KEYED : 0),
  );
  if (apart) writer.difference(turn.n - before.n);
  writer.difference(turn.now - before.now);
  writer.difference((turn.view['objects'] ?? 0) - (before.view['objects'] ?? 0));
  if (state !== undefined) writeHash(writer, state);
  if (rec.t === 'start') {
    if (rec.checkpoint !== undefined) writer.bytes(encodeMsgpack(rec.checkpoint));
  } else if (rec.t === 'change') {
    writer.count(rec.keys.length);
    for (const key of rec.keys) columns.key.write(writer, key);
  } else if (rec.t === 'call') writeCall(writer, rec, columns);
  else if (rec.t === 'answer') {
    writeAsk(writer, rec.ask, turn.n, columns);
    writeResult(writer, rec.result);
  }
  writer.count(turn.said.length);
  for (const said of turn.said) writeSaid(writer, said, columns);
}

function writeCall(writer: ByteWriter, rec: Extract<Rec, { t: 'call' }>, columns: Columns): void {
  columns.id.write(writer, rec.id);
  columns.subject.write(writer, rec.subject);
  const names = Object.keys(rec.headers);
  writer.count(names.length);
  for (const name of names) {
    const number = NUMBERS.get(name) ?? 0;
    writer.byte(number);
    if (number === 0) columns.name.write(writer, name);
    (columns.header[number] as TextColumn).write(writer, rec.headers[name] as string);
  }
  writeResult(writer, rec.body);
}

/* The id of an ask is `<turn>.<index>` in an actor: 1 + how many turns ago, and the index. In a driver it is any text, written after a 0. */
function writeAsk(writer: ByteWriter, ask: string, n: number, columns: Columns): void {
  const dot = ask.indexOf('.');
  const turn = Number(ask.slice(0, dot));
  const index = Number(ask.slice(dot + 1));
  if (dot > 0 && turn <= n && index >= 0 && `${turn}.${index}` === ask) {
    writer.count(1 + n - turn);
    writer.count(index);
  } else {
    writer.count(0);
    columns.ask.write(writer, ask);
  }
}

function readAsk(reader: ByteReader, n: number, columns: Columns): string {
  const ago = reader.count();
  return ago === 0 ? columns.ask.read(reader) : `${n + 1 - ago}.${reader.count()}`;
}

function writeResult(writer: ByteWriter, result: Extract<Rec, { t: 'answer' }>['result']): void {
  if (result instanceof Uint8Array) {
    writer.byte(0);
    writer.bytes(result);
  } else {
    writer.byte(1);
    writer.bytes(encodeMsgpack(result));
  }
}

const readResult = (reader: ByteReader): Extract<Rec, { t: 'answer' }>['result'] =>
  reader.byte() === 0 ? reader.bytes() : (decodeMsgpack(reader.bytes()) as Ref);

function writeSaid(writer: ByteWriter, said: SaidToKeep, columns: Columns): void {
  const { kind, say, subject, size, body, keyed, why, hash = '' } = said;
  const digest = said.digest ?? (keyed === true || hash === '' ? undefined : digestIn(hash));
  const bare = body === undefined && hash === '' && digest === undefined;
  writer.byte(
    KINDS.indexOf(kind as (typeof KINDS)[number]) |
      (body === undefined ? 0 : BODY) |
      (keyed === true ? KEYED : 0) |
      (bare ? NO_HASH : 0) |
      (why === undefined ? 0 : WHY),
  );
  columns.say.write(writer, say);
  columns.subject.write(writer, subject);
  if (body !== undefined) writer.bytes(body);
  else {
    writer.count(size);
    if (digest !== undefined) writer.eight(digest);
    else if (!bare) writeHash(writer, hash);
  }
  if (why !== undefined) columns.why.write(writer, JSON.stringify(why));
}

function writeHash(writer: ByteWriter, hash: Hash): void {
  const bytes = Buffer.from(hash, 'base64url');
  if (bytes.length !== HASH_BYTES)
    throw new RangeError(`write a hash of ${bytes.length} bytes: a hash has ${HASH_BYTES} bytes`);
  writer.raw(bytes);
}
const readHash = (reader: ByteReader): Hash => (reader.raw(HASH_BYTES) as Buffer).toString('base64url');

function readHashSaid(reader: ByteReader, flags: number): Hash {
  if (flags & NO_HASH) return '';
  return flags & KEYED ? readHash(reader) : (reader.raw(DIGEST_BYTES) as Buffer).toString('base64url');
}

/** @throws Error that says what is wrong with the bytes: another version, damaged or cut short, or not a segment */
export function decodeSegment(bytes: Bytes): Segment {
  const act = `read journal segment of ${bytes.length} bytes`;
  const version = bytes[2];
  if (bytes[0] !== MAGIC[0] || bytes[1] !== MAGIC[1] || version === undefined)
    throw new Error(`${act}: this is not a journal segment`);
  if (version !== JOURNAL_VERSION)
    throw new Error(
      `${act}: its format is version ${version}, and this build reads version ${JOURNAL_VERSION} only; use the build of troupe that recorded it`,
    );
  try {
    return readSegment(bytes);
  } catch (error) {
    throw new Error(`${act}: damaged or cut short (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** @throws RangeError or an error of the MessagePack decoder when the bytes are damaged */
function readSegment(bytes: Bytes): Segment {
  const reader = new ByteReader(bytes, MAGIC.length + 1);
  const head = decodeMsgpack(reader.bytes()) as Head;
  const turns: RecordedTurn[] = [];
  const columns = new Columns();
  let before: Before = START;
  for (let left = reader.count(); left > 0; left--) {
    const turn = readTurn(reader, before, columns);
    turns.push(turn);
    before = turn;
  }
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes are left over`);
  return { incarnation: incarnationOf(head), gap: head[13], turns };
}

function incarnationOf(head: Head): Incarnation {
  const [actor, instance, caller, prefix, epoch, incarnation, config, seed, window, node, icu, build, driver] = head;
  if (typeof actor !== 'string' || typeof incarnation !== 'number' || !Array.isArray(seed))
    throw new RangeError('its head does not name an actor');
  const self = { actor, instance, caller, prefix, ...(epoch === null ? {} : { epoch }) };
  return { self, incarnation, config, seed, window, node, icu, build, driver };
}

function readTurn(reader: ByteReader, before: Before, columns: Columns): RecordedTurn {
  const flags = reader.byte();
  const n = before.n + (flags & APART ? reader.difference() : 1);
  const now = before.now + reader.difference();
  const view = { objects: (before.view['objects'] ?? 0) + reader.difference() };
  const state = flags & STATE ? readHash(reader) : undefined;
  const rec = readRec(reader, RECS[flags & REC_BITS], n, columns);
  const said: SaidThen[] = [];
  for (let left = reader.count(); left > 0; left--) said.push(readSaid(reader, columns));
  return {
    n,
    now,
    view,
    rec,
    said,
    ...(flags & SEALED ? { sealed: true } : {}),
    ...(flags & SHAPE ? { shape: true } : {}),
    ...(state === undefined ? {} : { state }),
    ...(flags & STATE_KEYED ? { stateKeyed: true } : {}),
  };
}

function readRec(reader: ByteReader, type: (typeof RECS)[number] | undefined, n: number, columns: Columns): Rec {
  if (type === 'start') return { t: 'start' };
  if (type === 'checkpoint') return { t: 'start', checkpoint: decodeMsgpack(reader.bytes()) as Checkpoint };
  if (type === 'due') return { t: 'due' };
  if (type === 'change') {
    const keys: string[] = [];
    for (let left = reader.count(); left > 0; left--) keys.push(columns.key.read(reader));
    return { t: 'change', keys };
  }
  if (type === 'answer') return { t: 'answer', ask: readAsk(reader, n, columns), result: readResult(reader) };
  if (type === undefined) throw new RangeError('a turn has an unknown type');
  const id = columns.id.read(reader);
  const subject = columns.subject.read(reader);
  return { t: 'call', id, subject, headers: readHeaders(reader, columns), body: readResult(reader) as Bytes };
}

function readHeaders(reader: ByteReader, columns: Columns): Headers {
  const headers: Record<string, string> = {};
  for (let left = reader.count(); left > 0; left--) {
    const number = reader.byte();
    const column = columns.header[number];
    if (column === undefined) throw new RangeError(`a header has number ${number}`);
    const name = number === 0 ? columns.name.read(reader) : (HEADERS[number] as string);
    headers[name] = column.read(reader);
  }
  return headers;
}

function readSaid(reader: ByteReader, columns: Columns): SaidThen {
  const flags = reader.byte();
  const kind = KINDS[flags & KIND_BITS];
  if (kind === undefined) throw new RangeError('a message has an unknown kind');
  const say = columns.say.read(reader);
  const subject = columns.subject.read(reader);
  const body = flags & BODY ? reader.bytes() : undefined;
  const size = body?.length ?? reader.count();
  const hash = body !== undefined ? bodyHash(bodyDigest(body)) : readHashSaid(reader, flags);
  const why = flags & WHY ? (JSON.parse(columns.why.read(reader)) as Json) : undefined;
  return {
    kind,
    say,
    subject,
    hash,
    size,
    ...(body === undefined ? {} : { body }),
    ...(body === undefined && flags & KEYED ? { keyed: true } : {}),
    ...(why === undefined ? {} : { why }),
  };
}
