import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';
import type { Bytes, Cursor, Hash, Json, Millis, Rec } from '../contract.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { hashOf } from './hash.ts';
import type { Incarnation } from './recorder.ts';
import { encodeSegment, readSegment, SegmentWriter, segmentVersion } from './segment.ts';
import { decodeSegmentV1 } from './segment-v1.ts';

export { encodeSegment, SegmentWriter };

/** Version of the segment format; readers accept every version up to this one. */
export const JOURNAL_VERSION = 4;

/** Bodies longer than this are recorded by hash alone where they are what was said. */
export const SAID_BYTES_MAX = 4_096;

/** What a turn said, as recorded: enough to show what it was. The body is absent when it was long, an answer, or secret. */
export interface SaidThen {
  readonly kind: string;
  readonly say: string;
  readonly subject: string;
  /** Empty where it would tell of a secret and there was no key to keep it with. */
  readonly hash: Hash;
  /** The hash was made with the cluster's key, since the body carries secret data. */
  readonly keyed?: boolean;
  /** Bytes of the body. */
  readonly size: number;
  readonly body?: Bytes;
  /** What led to it, in its actor's own form. */
  readonly why?: Json;
}

/** What was said, on its way into a recording: a hash that follows from the body is left to who reads it. */
export type SaidToKeep = { readonly [Field in keyof SaidThen]?: SaidThen[Field] | undefined } & Pick<
  SaidThen,
  'kind' | 'say' | 'subject' | 'size'
> & {
    /** In place of the hash: of the body, where that is not kept. */
    readonly digest?: bigint | undefined;
  };

/** A turn on its way into a recording. */
export interface TurnToKeep extends Omit<RecordedTurn, 'said'> {
  readonly said: readonly SaidToKeep[];
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
  /** Hash of the cells and the generator after this turn; taken now and then. */
  readonly state?: Hash;
  /** The cells hold secret data: the hash of the state was made with the cluster's key. */
  readonly stateKeyed?: boolean;
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
  /** @throws Error when the bytes are not what was sealed with this key */
  open(bytes: Bytes): Bytes;
  /** The hash as only who has the key can make it: a hash of a secret would let anybody make sure of a guess. */
  keyed(hash: Hash): Hash;
}

/** @throws Error that names what is wrong with the bytes: cut short, of a newer format, not a segment at all */
export function decodeSegment(bytes: Bytes): Segment {
  const version = segmentVersion(bytes) ?? 1;
  const act = `read journal segment of ${bytes.length} bytes`;
  if (version > JOURNAL_VERSION)
    throw new Error(
      `${act}: its format is version ${version}, this build reads up to ${JOURNAL_VERSION}; use a newer troupe`,
    );
  let segment: Segment | undefined;
  try {
    segment = version === 1 ? decodeSegmentV1(bytes) : readSegment(bytes, version);
  } catch (error) {
    throw new Error(`${act}: damaged or cut short (${error instanceof Error ? error.message : String(error)})`);
  }
  if (segment === undefined) throw new Error(`${act}: this is no journal segment`);
  return segment;
}

/** Is this a stream of bytes (container output)? Recorded as lengths and shapes, never as bytes. */
export const carriesStream = (subject: string): boolean =>
  subject.includes('.logs') && /^[^.]+\.(logs\.|node\.[^.]+\.logs$|runtime\.[^.]+\.logs$)/.test(subject);

/** Is this what the dispatcher tells a node of its pods? */
export const isNodeMail = (subject: string): boolean =>
  subject.endsWith('.pods') && /^[^.]+\.node\.[^.]+\.pods$/.test(subject);

/**
 * Is the body of a message or a request kept where it is said? Not of those to inboxes (the events of a watch, those of
 * Secrets too), nor of what a node is told of its pods: who hears them keeps them, and the history has them.
 */
export const isKeptBySender = (subject: string, size: number): boolean =>
  size <= SAID_BYTES_MAX && !subject.startsWith(`${INBOX_ROOT}.`) && !isNodeMail(subject) && !carriesStream(subject);

/** What is kept of one thing said. Answers and ports repeat what is recorded elsewhere; they keep their hash. */
export function keptOf(out: Outgoing): SaidToKeep {
  const { kind, say, subject, why } = out.said;
  const size = out.bytes.length;
  const keep =
    kind === 'report' ? size <= SAID_BYTES_MAX : kind !== 'port' && kind !== 'reply' && isKeptBySender(subject, size);
  // All of one shape: there is one for everything that anybody says.
  return { kind, say, subject, size, digest: keep ? undefined : out.digest, body: keep ? out.bytes : undefined, why };
}

/** The same as whoever reads the recording finds it. */
export function saidThen(out: Outgoing): SaidThen {
  const { kind, say, subject, size, body, why } = keptOf(out);
  const about = { kind, say, subject, hash: out.hash, size };
  return { ...about, ...(body === undefined ? {} : { body }), ...(why === undefined ? {} : { why }) };
}

/** What is kept of one thing said that tells of a secret: a hash that only the key gives a meaning, without a key none; not what led to it. */
export function saidInSecret(out: Outgoing, sealer: Sealer | undefined): SaidThen {
  const { kind, say, subject } = out.said;
  const size = out.bytes.length;
  if (sealer === undefined) return { kind, say, subject, hash: '', size };
  return { kind, say, subject, hash: sealer.keyed(hashOf(kind, subject, out.bytes)), keyed: true, size };
}

/** The same value with every text emptied: what is left of a stream of bytes in a recording. */
export function shapeOf(value: unknown): unknown {
  if (typeof value === 'string') return '';
  if (value instanceof Uint8Array) return new Uint8Array(0);
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}
