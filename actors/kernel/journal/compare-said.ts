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
import { bodyDigest, digestIn, isBodyHash } from './body-hash.ts';
import { hashOf } from './hash.ts';
import type { RecordedTurn, SaidThen, Sealer } from './journal.ts';

const sameShape = (then: SaidThen, { said }: Outgoing): boolean =>
  said.kind === then.kind && said.say === then.say && said.subject === then.subject;

/**
 * What the body of something said says: a value, or a list of documents. In which encoding is not recorded, but it is
 * mostly that of today; else the bytes tell.
 * @param type in which today's code says it
 * @throws StatusError when they are of no encoding
 */
export function bodyIn(bytes: Bytes, type: ContentType = MSGPACK_TYPE): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return decoded(bytes, type);
  } catch {
    const told = contentTypeOf(bytes);
    return decoded(bytes, told === type ? MSGPACK_TYPE : told);
  }
}

function decoded(bytes: Bytes, type: ContentType): unknown {
  if (type === MSGPACK_TYPE) return decodeMsgpack(bytes);
  const documents = decodeAll(bytes, type);
  return documents.length > 1 ? documents : documents[0];
}

/** The bytes may differ where the encoder, the encoding or the order of fields changed: what they say may not. */
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

/** Was the hash that was kept of something said made of this? @param now its kind, its subject and the bytes of its body */
export function isHashOf(
  { kind, subject, hash, keyed }: Pick<SaidThen, 'kind' | 'subject' | 'hash' | 'keyed'>,
  now: { readonly kind: string; readonly subject: string; readonly bytes: Bytes; readonly digest?: bigint },
  sealer: Sealer | undefined,
): boolean {
  if (kind !== now.kind || subject !== now.subject) return false;
  if (keyed !== true && isBodyHash(hash)) return digestIn(hash) === (now.digest ?? bodyDigest(now.bytes));
  const whole = hashOf(kind, subject, now.bytes);
  return hash === (keyed === true ? sealer?.keyed(whole) : whole);
}

/** Was this said then, as far as it can be told? Without the key, what carried secret data is compared by shape. */
export function sameThing(then: SaidThen, now: Outgoing, sealer: Sealer | undefined): boolean {
  if (then.hash === '' || (then.keyed === true && sealer === undefined)) return sameShape(then, now);
  const { said, bytes, digest } = now;
  return isHashOf(then, { kind: said.kind, subject: said.subject, bytes, digest }, sealer) || sameBody(then, now);
}

/**
 * What must be the same. `strict`: everything said, byte by byte or, where a body was recorded, by what it says; and the
 * state. `shape`: what kind of thing was said, on which subject; bodies may differ. `state`: the state alone, at every
 * checkpoint and wherever a turn recorded its hash. At each of them a turn that fails is none that does not.
 */
export type Level = 'strict' | 'shape' | 'state';

const named = ({ kind, say, subject }: Pick<SaidThen, 'kind' | 'say' | 'subject'>): string =>
  kind === 'report' ? `a report of ${subject}` : `${say} on ${subject || 'the reply'}`;

/**
 * The first thing that a turn says differently now, and whether it fails only now, or did then.
 * @param sealer without it what carried secret data is compared by shape
 * @returns `undefined` when all is the same
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
