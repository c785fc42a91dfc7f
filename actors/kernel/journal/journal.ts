import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { hashOf } from './hash.ts';
import type { SaidThen, SaidToKeep, Sealer } from './recorded.ts';

export type { RecordedTurn, SaidThen, SaidToKeep, Sealer, Segment, TurnToKeep } from './recorded.ts';
export { decodeSegment, encodeSegment, SegmentWriter } from './segment.ts';

/** Longer bodies of messages and requests are recorded by their hash only. */
export const SAID_BYTES_MAX = 4_096;

/** Whether this subject carries a stream of bytes (container output). Recordings keep lengths and shapes of it, never bytes. */
export const carriesStream = (subject: string): boolean =>
  subject.includes('.logs') && /^[^.]+\.(logs\.|node\.[^.]+\.logs$|runtime\.[^.]+\.logs$)/.test(subject);

/** Whether the dispatcher sends a node its pods on this subject. */
export const isPodsMessage = (subject: string): boolean =>
  subject.endsWith('.pods') && /^[^.]+\.node\.[^.]+\.pods$/.test(subject);

/**
 * Whether the recording of the sender keeps the body of a message or request. It does not keep messages to inboxes (watch
 * events, including those of Secrets) nor the pods sent to a node: the receiver records them, and the history has them.
 */
export const isKeptBySender = (subject: string, size: number): boolean =>
  size <= SAID_BYTES_MAX && !subject.startsWith(`${INBOX_ROOT}.`) && !isPodsMessage(subject) && !carriesStream(subject);

/** What a recording keeps of one thing said. Answers and requests to ports are recorded elsewhere, so only their hash is kept. */
export function keptOf(out: Outgoing): SaidToKeep {
  const { kind, say, subject, why } = out.said;
  const size = out.bytes.length;
  const keep =
    kind === 'report' ? size <= SAID_BYTES_MAX : kind !== 'port' && kind !== 'reply' && isKeptBySender(subject, size);
  // Every object has the same fields in the same order, so that V8 uses one hidden class: one is made per message.
  return { kind, say, subject, size, digest: keep ? undefined : out.digest, body: keep ? out.bytes : undefined, why };
}

/** The same as `decodeSegment` returns it. */
export function saidThen(out: Outgoing): SaidThen {
  const { kind, say, subject, size, body, why } = keptOf(out);
  const about = { kind, say, subject, hash: out.hash, size };
  return { ...about, ...(body === undefined ? {} : { body }), ...(why === undefined ? {} : { why }) };
}

/** What a recording keeps of something said that carries secret data: a keyed hash (none without the key), and no `why`. */
export function saidInSecret(out: Outgoing, sealer: Sealer | undefined): SaidThen {
  const { kind, say, subject } = out.said;
  const size = out.bytes.length;
  if (sealer === undefined) return { kind, say, subject, hash: '', size };
  return { kind, say, subject, hash: sealer.keyed(hashOf(kind, subject, out.bytes)), keyed: true, size };
}

/** The same value with every string and byte array emptied: what a recording keeps of a stream of bytes. */
export function shapeOf(value: unknown): unknown {
  if (typeof value === 'string') return '';
  if (value instanceof Uint8Array) return new Uint8Array(0);
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}
