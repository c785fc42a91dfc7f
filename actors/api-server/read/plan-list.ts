import { decodeJson } from '../../../contracts/codec/codec.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { keyOfObject } from '../../../contracts/store/keys.ts';
import { jsonSize, type Obj } from '../object.ts';

/** Where a list continues. Opaque to clients; the server does not store it. */
export interface Continuation {
  /** The revision that all pages show. */
  readonly revision: number;
  /** Store key of the last item examined. */
  readonly after: string;
}

export const encodeContinue = ({ revision, after }: Continuation): string =>
  Buffer.from(JSON.stringify({ v: 1, rv: revision, after })).toString('base64url');

/** @throws StatusError BadRequest */
export function decodeContinue(text: string): Continuation {
  try {
    const { v, rv, after } = decodeJson(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
    if (v === 1 && Number.isSafeInteger(rv) && typeof after === 'string') return { revision: rv as number, after };
  } catch {
    // rejected below, like a token of the wrong form
  }
  throw statusError('BadRequest', 'list: the continue token is not valid; list again without it');
}

/** The parts of a change that undoing it needs. */
interface Undo {
  readonly key: string;
  readonly before?: unknown;
}

/**
 * The list as it was before `changes`, in key order. Pure. With it the later pages of a list show the revision of the first.
 * @param changes  oldest first
 * @param concerns whether a change with this key is of the list's objects
 */
export function rewound(
  resource: string,
  list: readonly Obj[],
  changes: readonly Undo[],
  concerns: (key: string) => boolean,
): readonly Obj[] {
  const first = new Map<string, Obj | undefined>();
  for (const change of changes) {
    if (concerns(change.key) && !first.has(change.key)) first.set(change.key, change.before as Obj | undefined);
  }
  if (first.size === 0) return list;
  const kept: (readonly [string, Obj])[] = [];
  for (const object of list) {
    const key = keyOfObject(resource, object);
    if (!first.has(key)) kept.push([key, object]);
  }
  for (const [key, object] of first) if (object !== undefined) kept.push([key, object]);
  return kept.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, object]) => object);
}

interface Page {
  readonly items: readonly Obj[];
  /** Key of the last object examined, when more follow. */
  readonly last?: string;
  /** Objects after the page, selected or not. */
  readonly remaining: number;
}

/**
 * One page of a list that is in key order.
 * @param after  the page begins after this key
 * @param limits `items` and `bytes` (of JSON) of a page; a first item that is larger than `bytes` is returned alone
 */
export function planPage(
  resource: string,
  list: readonly Obj[],
  after: string | undefined,
  selects: (object: Obj) => boolean,
  limits: { readonly items: number; readonly bytes: number },
): Page {
  const items: Obj[] = [];
  let bytes = 0;
  let at = after === undefined ? 0 : firstAfter(resource, list, after);
  for (; at < list.length; at++) {
    const object = list[at] as Obj;
    if (!selects(object)) continue;
    const size = jsonSize(object);
    if (items.length > 0 && (items.length >= limits.items || bytes + size > limits.bytes)) {
      return { items, last: keyOfObject(resource, list[at - 1] as Obj), remaining: list.length - at };
    }
    bytes += size;
    items.push(object);
  }
  return { items, remaining: 0 };
}

function firstAfter(resource: string, list: readonly Obj[], key: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOfObject(resource, list[middle] as Obj) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
