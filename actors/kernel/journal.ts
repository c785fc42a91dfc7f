import { Packr } from 'msgpackr';
import { INBOX_ROOT } from '../../contracts/subjects/inbox.ts';
import type { AskId, Bytes, Checkpoint, Cursor, Hash, Id, Json, Millis, Rec, Ref } from './contract.ts';
import type { Outgoing } from './outgoing.ts';
import type { Incarnation } from './recorder.ts';

/** Version of the segment format; readers accept every version up to this one. */
export const JOURNAL_VERSION = 1;

/** Bodies longer than this are recorded by hash alone where they are what was said. */
export const SAID_BYTES_MAX = 4_096;

/** What a turn said, as recorded: enough to show what it was. The body is absent when it was long, an answer, or secret. */
export interface SaidThen {
  readonly kind: string;
  readonly say: string;
  readonly subject: string;
  readonly hash: Hash;
  /** Bytes of the body. */
  readonly size: number;
  readonly body?: Bytes;
}

/** A turn as recorded. */
export interface RecordedTurn {
  readonly n: number;
  readonly now: Millis;
  readonly view: Cursor;
  readonly rec: Rec;
  readonly said: readonly SaidThen[];
  /** The record's body is sealed with the cluster's key. */
  readonly sealed?: boolean;
  /** The record's body is a stream of bytes: recorded by its shape alone, so what follows from it can only be compared by shape. */
  readonly shape?: boolean;
}

/** One message of the journal: consecutive turns of one incarnation, complete in itself. */
export interface Segment {
  readonly v: number;
  readonly incarnation: Incarnation;
  /** Turns dropped just before this segment because the recorder could not keep up. */
  readonly gap: number;
  readonly turns: readonly RecordedTurn[];
}

/** Seals bodies that carry secret data, and opens them again. */
export interface Sealer {
  seal(bytes: Bytes): Bytes;
  open(bytes: Bytes): Bytes;
}

/* On the wire a turn is a short tuple, and what repeats from turn to turn is left out. */
type WireRec =
  | readonly ['s', Checkpoint | null]
  | readonly ['k', readonly string[]]
  | readonly ['c', Id, string, Readonly<Record<string, string>>, Ref | Bytes, sealed: boolean]
  | readonly ['a', AskId, unknown, shape: boolean, sealed?: boolean]
  | readonly ['d'];
type WireSaid = readonly [string, string, string, Hash, number, Bytes | null];
type WireTurn = readonly [n: number, now: Millis, view: number, rec: WireRec, said: readonly WireSaid[]];
interface WireSegment {
  readonly v: number;
  readonly i: Incarnation;
  readonly g: number;
  /** The view's streams by name; a turn gives the first one's sequence. */
  readonly t: readonly WireTurn[];
}

// Records with shared structures: a third of the size. Each segment carries its own, so each can be read alone.
const packer = (): Packr => new Packr({ useRecords: true, int64AsType: 'number' });
const writer = packer();

/**
 * Does this subject carry secret data in the clear? Requests about secrets, and manifests, which may hold some.
 * The broker's own permissions keep such bodies from strangers; the journal outlives them, so it keeps them sealed.
 */
export const carriesSecrets = (subject: string): boolean =>
  (subject.includes('.secrets') || subject.includes('apply.')) && // nearly every subject stops here
  /(^|\.)(api\.[^.]+\.[^.]+\.secrets(\.|=2F|$)|(?<!api\.[^.]+\.)apply\.)/.test(subject);

export function toWireTurn(turn: RecordedTurn): WireTurn {
  const sealed = turn.sealed === true;
  const { rec } = turn;
  let wire: WireRec;
  if (rec.t === 'start') wire = ['s', rec.checkpoint ?? null];
  else if (rec.t === 'change') wire = ['k', rec.keys];
  else if (rec.t === 'call') wire = ['c', rec.id, rec.subject, rec.headers, rec.body, sealed];
  else if (rec.t === 'answer')
    wire = sealed
      ? ['a', rec.ask, rec.result, turn.shape === true, true]
      : ['a', rec.ask, rec.result, turn.shape === true];
  else wire = ['d'];
  const said = turn.said.map((s): WireSaid => [s.kind, s.say, s.subject, s.hash, s.size, s.body ?? null]);
  return [turn.n, turn.now, turn.view['objects'] ?? 0, wire, said];
}

function fromWireTurn([n, now, objects, wire, said]: WireTurn): RecordedTurn {
  let rec: Rec;
  let sealed = false;
  let shape = false;
  if (wire[0] === 's') rec = wire[1] === null ? { t: 'start' } : { t: 'start', checkpoint: wire[1] };
  else if (wire[0] === 'k') rec = { t: 'change', keys: wire[1] };
  else if (wire[0] === 'c') {
    rec = { t: 'call', id: wire[1], subject: wire[2], headers: wire[3], body: wire[4] };
    sealed = wire[5];
  } else if (wire[0] === 'a') {
    rec = { t: 'answer', ask: wire[1], result: wire[2] as Bytes };
    shape = wire[3];
    sealed = wire[4] ?? false;
  } else rec = { t: 'due' };
  return {
    n,
    now,
    view: { objects },
    rec,
    said: said.map(([kind, say, subject, hash, size, body]) => ({
      kind,
      say,
      subject,
      hash,
      size,
      ...(body === null ? {} : { body }),
    })),
    ...(sealed ? { sealed } : {}),
    ...(shape ? { shape } : {}),
  };
}

export function encodeSegment(segment: {
  readonly incarnation: Incarnation;
  readonly gap: number;
  readonly turns: readonly WireTurn[];
}): Bytes {
  const wire: WireSegment = { v: JOURNAL_VERSION, i: segment.incarnation, g: segment.gap, t: segment.turns };
  return writer.pack(wire);
}

/** @throws Error that names what is wrong with the bytes: cut short, of a newer format, not a segment at all */
export function decodeSegment(bytes: Bytes): Segment {
  let wire: Partial<WireSegment> | undefined;
  try {
    wire = packer().unpack(bytes) as Partial<WireSegment>;
  } catch (error) {
    throw new Error(
      `read journal segment of ${bytes.length} bytes: damaged or cut short (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  if (
    typeof wire !== 'object' ||
    wire === null ||
    typeof wire.v !== 'number' ||
    !Array.isArray(wire.t) ||
    wire.i === undefined
  ) {
    throw new Error(`read journal segment of ${bytes.length} bytes: this is no journal segment`);
  }
  if (wire.v > JOURNAL_VERSION) {
    throw new Error(
      `read journal segment: its format is version ${wire.v}, this build reads up to ${JOURNAL_VERSION}; use a newer troupe`,
    );
  }
  return { v: wire.v, incarnation: wire.i, gap: wire.g ?? 0, turns: (wire.t as readonly WireTurn[]).map(fromWireTurn) };
}

/** Is this a stream of bytes (container output)? Recorded as lengths and shapes, never as bytes. */
export const carriesStream = (subject: string): boolean =>
  subject.includes('.logs') && /^[^.]+\.(logs\.|node\.[^.]+\.logs$|runtime\.[^.]+\.logs$)/.test(subject);

/**
 * What is kept of one thing said. Answers and ports repeat what is recorded elsewhere, and so do messages to inboxes (the
 * events of a watch, those of Secrets too); they keep their hash.
 */
export function saidThen(out: Outgoing): SaidThen {
  const { kind, say, subject } = out.said;
  const size = out.bytes.length;
  const keep =
    (kind === 'publish' || kind === 'request') &&
    size <= SAID_BYTES_MAX &&
    !subject.startsWith(`${INBOX_ROOT}.`) &&
    !carriesSecrets(subject) &&
    !carriesStream(subject);
  return { kind, say, subject, hash: out.hash, size, ...(keep ? { body: out.bytes } : {}) };
}

/** The same value with every text emptied: what is left of a stream of bytes in a recording. */
export function shapeOf(value: unknown): unknown {
  if (typeof value === 'string') return '';
  if (value instanceof Uint8Array) return new Uint8Array(0);
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}

export type { Json, WireTurn };
