import { Packr } from 'msgpackr';
import type { AskId, Bytes, Checkpoint, Hash, Id, Millis, Rec, Ref } from '../contract.ts';
import type { RecordedTurn, Segment } from './journal.ts';
import type { Incarnation } from './recorder.ts';

/* The first format: MessagePack with records, a turn a tuple. Nothing writes it any more. */
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
  readonly t: readonly WireTurn[];
}

/** @returns `undefined` when the bytes are no segment of this format. @throws what the decoder throws */
export function decodeSegmentV1(bytes: Bytes): Segment | undefined {
  const wire = new Packr({ useRecords: true, int64AsType: 'number' }).unpack(bytes) as Partial<WireSegment> | null;
  if (typeof wire !== 'object' || wire?.v !== 1 || !Array.isArray(wire.t) || wire.i === undefined) return undefined;
  return { v: 1, incarnation: wire.i, gap: wire.g ?? 0, turns: (wire.t as readonly WireTurn[]).map(turnOf) };
}

function turnOf([n, now, objects, wire, said]: WireTurn): RecordedTurn {
  const sealed = (wire[0] === 'c' && wire[5]) || (wire[0] === 'a' && wire[4] === true);
  return {
    n,
    now,
    view: { objects },
    rec: recOf(wire),
    said: said.map(([kind, say, subject, hash, size, body]) => ({
      kind,
      say,
      subject,
      hash,
      size,
      ...(body === null ? {} : { body }),
    })),
    ...(sealed ? { sealed } : {}),
    ...(wire[0] === 'a' && wire[3] ? { shape: true } : {}),
  };
}

function recOf(wire: WireRec): Rec {
  if (wire[0] === 's') return wire[1] === null ? { t: 'start' } : { t: 'start', checkpoint: wire[1] };
  if (wire[0] === 'k') return { t: 'change', keys: wire[1] };
  if (wire[0] === 'c') return { t: 'call', id: wire[1], subject: wire[2], headers: wire[3], body: wire[4] };
  if (wire[0] === 'a') return { t: 'answer', ask: wire[1], result: wire[2] as Bytes };
  return { t: 'due' };
}
