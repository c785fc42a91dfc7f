import { decodeMsgpack, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { HEADER, type Headers } from '../../../contracts/headers.ts';
import type { Bytes, Checkpoint, Hash, Json, Rec, Ref } from '../contract.ts';
import { LATEST_HEADER, REPLY_HEADER } from '../turns/call-routing.ts';
import { bodyDigest, bodyHash, digestIn, isBodyHash } from './body-hash.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { RecordedTurn, SaidThen, SaidToKeep, Segment, TurnToKeep } from './journal.ts';
import type { Incarnation } from './recorder.ts';
import { TextColumn } from './text-column.ts';

/*
 * The fourth format, and two before it, which it reads as well: the third has hashes of 12 bytes alone, the second no
 * explanations either. What repeats from turn to turn is left out: numbers are differences to the turn before, texts are
 * what they do not share with an earlier one of their sort, and a hash that follows from a body is not kept beside it.
 *
 *   "TJ" 4 | head (MessagePack, its length before it) | count of turns | turns
 */
const MAGIC = [0x54, 0x4a] as const;
const VERSION = 4;
const HASH_BYTES = 12;
const DIGEST_BYTES = 8;

const RECS = ['start', 'checkpoint', 'change', 'call', 'answer', 'due'] as const;
const REC_BITS = 7;
const SEALED = 0x08;
const SHAPE = 0x10;
const STATE = 0x20;
/** The turn before is not the one before it in number: the difference follows. */
const APART = 0x40;
/** The hash of the state is keyed. */
const STATE_KEYED = 0x80;

const KINDS = ['publish', 'request', 'port', 'reply', 'report'] as const;
const KIND_BITS = 7;
const BODY = 0x08;
const KEYED = 0x10;
const NO_HASH = 0x20;
/** What led to it follows. */
const WHY = 0x40;
/** The hash is one of the body, of 8 bytes. */
const DIGEST = 0x80;

/** Headers by number; a name that is not among them is spelt out under number 0. */
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

/** One column for each sort of text. */
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

type HeadOfAll = readonly [
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
/** Older recordings have no more than that. */
type Head = readonly [...HeadOfAll, selective?: boolean, reports?: true];

/** Are these bytes a segment of this format, or of one after it? @returns its version */
export const segmentVersion = (bytes: Bytes): number | undefined =>
  bytes[0] === MAGIC[0] && bytes[1] === MAGIC[1] ? bytes[2] : undefined;

type Before = Pick<RecordedTurn, 'n' | 'now' | 'view'>;
const START: Before = { n: 0, now: 0, view: {} };

/**
 * The segments of one incarnation in the making. Each turn is written as it comes, so that nothing of it needs to stay in
 * memory; the head is put before them in the end.
 */
export class SegmentWriter {
  readonly #incarnation: Incarnation;
  readonly #head: Bytes;
  readonly #writer = new ByteWriter();
  #columns: Columns | undefined;
  /** Written over by each turn: one a turn would be garbage at once. */
  readonly #before: { -readonly [Field in keyof Before]: Before[Field] } = { ...START };
  #turns = 0;

  constructor(incarnation: Incarnation) {
    this.#incarnation = incarnation;
    this.#head = encodeMsgpack(headOf(incarnation, 0));
  }

  get turns(): number {
    return this.#turns;
  }

  /** Of the turns so far. */
  get bytes(): number {
    return this.#writer.length;
  }

  /** @throws Error when the turn can't be written: the segment is spoilt then, and nothing is left but `drop` */
  add(turn: TurnToKeep): void {
    this.#turns += 1;
    this.#columns ??= new Columns();
    writeTurn(this.#writer, turn, this.#before, this.#columns);
    this.#before.n = turn.n;
    this.#before.now = turn.now;
    this.#before.view = turn.view;
  }

  /** The segment as it is stored; the next one begins. @param gap turns dropped just before it */
  take(gap: number): Bytes {
    const start = new ByteWriter();
    for (const byte of [...MAGIC, VERSION]) start.byte(byte);
    start.bytes(gap === 0 ? this.#head : encodeMsgpack(headOf(this.#incarnation, gap)));
    start.count(this.#turns);
    const segment = this.#writer.take(start.take());
    this.drop();
    return segment;
  }

  /** The next segment begins without this one. */
  drop(): void {
    this.#writer.drop();
    this.#columns = undefined;
    Object.assign(this.#before, START);
    this.#turns = 0;
  }
}

/** @param segment with turns as they are kept, or as they were read */
export function encodeSegment({
  incarnation,
  gap,
  turns,
}: Omit<Segment, 'v' | 'turns'> & { readonly turns: readonly TurnToKeep[] }): Bytes {
  const segment = new SegmentWriter(incarnation);
  for (const turn of turns) segment.add(turn);
  return segment.take(gap);
}

function headOf(of: Incarnation, gap: number): Head {
  const { self, incarnation, config, seed, window, node, icu, build, driver, selective = false, reports = false } = of;
  const { actor, instance, caller, prefix, epoch } = self;
  const head: HeadOfAll = [
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
  if (reports) return [...head, selective, true];
  return selective ? [...head, true] : head;
}

function writeTurn(writer: ByteWriter, turn: TurnToKeep, before: Before, columns: Columns): void {
  const { rec, state } = turn;
  const sort = rec.t === 'start' && rec.checkpoint !== undefined ? 'checkpoint' : rec.t;
  const apart = turn.n !== before.n + 1;
  writer.byte(
    RECS.indexOf(sort) |
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

/* An ask's id is `<turn>.<index>` in an actor, and any text in a driver: 0 before a text, else 1 + how many turns ago. */
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
  const digest = said.digest ?? (isBodyHash(hash) ? digestIn(hash) : undefined);
  const bare = body === undefined && hash === '' && digest === undefined;
  writer.byte(
    KINDS.indexOf(kind as (typeof KINDS)[number]) |
      (body === undefined ? 0 : BODY) |
      (keyed === true ? KEYED : 0) |
      (bare ? NO_HASH : 0) |
      (body !== undefined || digest === undefined ? 0 : DIGEST) |
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
  if (bytes.length !== HASH_BYTES) throw new RangeError(`write a hash of ${bytes.length} bytes: it has ${HASH_BYTES}`);
  writer.raw(bytes);
}
const readHash = (reader: ByteReader): Hash => (reader.raw(HASH_BYTES) as Buffer).toString('base64url');

function readHashSaid(reader: ByteReader, flags: number): Hash {
  if (flags & NO_HASH) return '';
  return flags & DIGEST ? (reader.raw(DIGEST_BYTES) as Buffer).toString('base64url') : readHash(reader);
}

/** @throws RangeError and what the decoder of MessagePack throws, when the bytes are damaged */
export function readSegment(bytes: Bytes, version: number): Segment {
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
  return { v: version, incarnation: incarnationOf(head), gap: head[13], turns };
}

function incarnationOf(head: Head): Incarnation {
  const [actor, instance, caller, prefix, epoch, incarnation, config, seed, window, node, icu, build, driver] = head;
  if (typeof actor !== 'string' || typeof incarnation !== 'number' || !Array.isArray(seed))
    throw new RangeError('its head does not name an actor');
  const self = { actor, instance, caller, prefix, ...(epoch === null ? {} : { epoch }) };
  const about = { self, incarnation, config, seed, window, node, icu, build, driver };
  return {
    ...about,
    ...(head[14] === true ? { selective: true } : {}),
    ...(head[15] === true ? { reports: true } : {}),
  };
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

function readRec(reader: ByteReader, sort: (typeof RECS)[number] | undefined, n: number, columns: Columns): Rec {
  if (sort === 'start') return { t: 'start' };
  if (sort === 'checkpoint') return { t: 'start', checkpoint: decodeMsgpack(reader.bytes()) as Checkpoint };
  if (sort === 'due') return { t: 'due' };
  if (sort === 'change') {
    const keys: string[] = [];
    for (let left = reader.count(); left > 0; left--) keys.push(columns.key.read(reader));
    return { t: 'change', keys };
  }
  if (sort === 'answer') return { t: 'answer', ask: readAsk(reader, n, columns), result: readResult(reader) };
  if (sort === undefined) throw new RangeError('a turn is of no known sort');
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
  if (kind === undefined) throw new RangeError('a thing said is of no known kind');
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
