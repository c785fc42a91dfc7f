import {
  type ContentType,
  contentTypeOf,
  decodeAll,
  decodeMsgpack,
  MSGPACK_TYPE,
} from '../../../contracts/codec/codec.ts';
import { canonicalJson } from '../../../contracts/hash/stable-hash.ts';
import type { Bytes } from '../contract.ts';
import { isTurnFailure } from '../turns/outcome.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { bodyDigest, digestIn } from './body-hash.ts';
import { hashOf } from './hash.ts';
import type { RecordedTurn, SaidThen, Sealer } from './journal.ts';

const sameShape = (then: SaidThen, { said }: Outgoing): boolean =>
  said.kind === then.kind && said.say === then.say && said.subject === then.subject;

/**
 * Decodes the body of something said: a value, or a list of documents. The recording does not hold its encoding: `type` is
 * tried first, then the encoding that the bytes look like.
 * @param type the encoding that today's code uses
 * @throws StatusError when the bytes are in no known encoding
 */
export function bodyIn(bytes: Bytes, type: ContentType = MSGPACK_TYPE): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return decoded(bytes, type);
  } catch {
    const found = contentTypeOf(bytes);
    return decoded(bytes, found === type ? MSGPACK_TYPE : found);
  }
}

function decoded(bytes: Bytes, type: ContentType): unknown {
  if (type === MSGPACK_TYPE) return decodeMsgpack(bytes);
  const documents = decodeAll(bytes, type);
  return documents.length > 1 ? documents : documents[0];
}

/** Compares values, not bytes: the encoder, the encoding or the order of fields may have changed. */
function sameBody(then: SaidThen, now: Outgoing): boolean {
  if (then.body === undefined || now.said.kind !== then.kind || now.said.subject !== then.subject) return false;
  if ((then.size === 0) !== (now.bytes.length === 0)) return false;
  try {
    const { bytes, contentType } = now;
    return canonicalJson(bodyIn(then.body, contentType)) === canonicalJson(bodyIn(bytes, contentType));
  } catch {
    return false;
  }
}

/** Whether the recorded hash of something said is the hash of this. @param now its kind, its subject and the bytes of its body */
export function isHashOf(
  { kind, subject, hash, keyed }: Pick<SaidThen, 'kind' | 'subject' | 'hash' | 'keyed'>,
  now: { readonly kind: string; readonly subject: string; readonly bytes: Bytes; readonly digest?: bigint },
  sealer: Sealer | undefined,
): boolean {
  if (kind !== now.kind || subject !== now.subject) return false;
  if (hash === '') return false;
  if (keyed === true) return hash === sealer?.keyed(hashOf(kind, subject, now.bytes));
  return digestIn(hash) === (now.digest ?? bodyDigest(now.bytes));
}

/** Whether today's code says what was recorded. Without the key, what carried secret data is compared by shape. */
export function sameThing(then: SaidThen, now: Outgoing, sealer: Sealer | undefined): boolean {
  if (then.hash === '' || (then.keyed === true && sealer === undefined)) return sameShape(then, now);
  const { said, bytes, digest } = now;
  return isHashOf(then, { kind: said.kind, subject: said.subject, bytes, digest }, sealer) || sameBody(then, now);
}

/**
 * What must be the same in a replay. `strict`: everything said (by value where the body was recorded, else by its hash) and
 * the state. `shape`: the kind and subject of everything said; bodies may differ. `state`: only the state, at every
 * checkpoint and in every turn whose recording has its hash. At every level, a turn that fails differs from one that does not.
 */
export type Level = 'strict' | 'shape' | 'state';

const named = ({ kind, say, subject }: Pick<SaidThen, 'kind' | 'say' | 'subject'>): string =>
  kind === 'report' ? `a report of ${subject}` : `${say} on ${subject || 'the reply'}`;

/**
 * Describes the first difference between what a turn said then and says now, and whether it fails in only one of the two.
 * @param sealer without it, what carried secret data is compared by shape
 * @returns `undefined` when there is no difference
 */
export function saidDifferently(
  { said, shape }: Pick<RecordedTurn, 'said' | 'shape'>,
  out: readonly Outgoing[],
  { level, sealer }: { readonly level: Level; readonly sealer?: Sealer | undefined },
): string | undefined {
  const then = said.find(isTurnFailure);
  const now = out.find((one) => isTurnFailure(one.said));
  const byShape = level === 'shape' || shape === true;
  const found = level === 'state' ? undefined : saidOtherwise(said, out, { byShape, sealer });
  if ((then === undefined) === (now === undefined)) return found;
  const failure =
    now === undefined
      ? `then the turn failed${then?.body === undefined ? '' : `: ${String(bodyIn(then.body))}`}`
      : `now the turn fails: ${String(now.said.body)}`;
  return found === undefined ? failure : `${found}; ${failure}`;
}

function saidOtherwise(
  said: readonly SaidThen[],
  all: readonly Outgoing[],
  { byShape, sealer }: { readonly byShape: boolean; readonly sealer: Sealer | undefined },
): string | undefined {
  const failures = said.some(isTurnFailure) && all.some((one) => isTurnFailure(one.said));
  const was = failures ? said : said.filter((one) => !isTurnFailure(one));
  const out = failures ? all : all.filter((one) => !isTurnFailure(one.said));
  for (const [at, then] of was.entries()) {
    const now = out[at];
    if (now === undefined) return `then it said ${was.length} things, now ${out.length}: missing is ${named(then)}`;
    if (byShape ? sameShape(then, now) : sameThing(then, now, sealer)) continue;
    const which = `thing ${at + 1} of ${was.length} said differs`;
    return sameShape(then, now)
      ? `${which} in its body: ${named(then)}`
      : `${which}: then ${named(then)}, now ${named(now.said)}`;
  }
  const extra = out[was.length];
  return extra === undefined
    ? undefined
    : `now it also ${extra.said.kind === 'report' ? 'makes' : 'says'} ${named(extra.said)}`;
}
