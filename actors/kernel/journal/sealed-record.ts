import type { Bytes, Json, Rec } from '../contract.ts';
import type { Sealer } from './journal.ts';

/** Name of the only cell of a sealed checkpoint; it holds the base64 of the sealed cells. */
const SEALED_CELL = '';
const NOTHING = new Uint8Array(0);

/** The part of a record that can hold secret data; `undefined` when it is empty. */
function bodyOf(rec: Rec): Bytes | undefined {
  const body = rec.t === 'call' ? rec.body : rec.t === 'answer' ? rec.result : undefined;
  return body instanceof Uint8Array && body.length > 0 ? body : undefined;
}

const withBody = (rec: Rec, body: Bytes): Rec =>
  rec.t === 'call' ? { ...rec, body } : ({ ...rec, result: body } as Rec);

function withCells(rec: Rec, cells: Readonly<Record<string, Json>>): Rec {
  return rec.t === 'start' && rec.checkpoint !== undefined ? { ...rec, checkpoint: { ...rec.checkpoint, cells } } : rec;
}

/** Seals the body of a record. Without a sealer the body is dropped. */
export function sealRec(rec: Rec, sealer: Sealer | undefined): { readonly rec: Rec; readonly sealed: boolean } {
  const seal = (bytes: Bytes): Bytes => sealer?.seal(bytes) ?? NOTHING;
  if (rec.t === 'start' && rec.checkpoint !== undefined) {
    const box = seal(Buffer.from(JSON.stringify(rec.checkpoint.cells)));
    return { rec: withCells(rec, { [SEALED_CELL]: Buffer.from(box).toString('base64') }), sealed: true };
  }
  const body = bodyOf(rec);
  return body === undefined ? { rec, sealed: false } : { rec: withBody(rec, seal(body)), sealed: true };
}

/** The sealed part of a record; `undefined` when nothing is sealed, or it was dropped because there was no key. */
export function boxOf(rec: Rec): Bytes | undefined {
  const cells = rec.t === 'start' ? rec.checkpoint?.cells[SEALED_CELL] : undefined;
  const box = typeof cells === 'string' ? Buffer.from(cells, 'base64') : bodyOf(rec);
  return box === undefined || box.length === 0 ? undefined : box;
}

/** @returns `undefined` when it cannot be opened: no key, another key, or recorded without a key */
export function openRec(rec: Rec, sealer: Sealer | undefined): Rec | undefined {
  const box = boxOf(rec);
  if (sealer === undefined || box === undefined) return undefined;
  try {
    const bytes = sealer.open(box);
    if (rec.t !== 'start') return withBody(rec, bytes);
    return withCells(rec, JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, Json>);
  } catch {
    return undefined;
  }
}
