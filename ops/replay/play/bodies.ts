import type { Bytes, Rec, Ref } from '../../../actors/kernel/contract.ts';
import { bodyIn } from '../../../actors/kernel/journal/compare-said.ts';
import {
  isNodeMail,
  type RecordedTurn,
  SAID_BYTES_MAX,
  type SaidThen,
  type Sealer,
} from '../../../actors/kernel/journal/journal.ts';
import { openRec } from '../../../actors/kernel/journal/sealed-record.ts';
import { LATEST_HEADER } from '../../../actors/kernel/turns/call-routing.ts';
import { contentTypeOf, decode, decodeAll, decodeMsgpack, YAML_TYPE } from '../../../contracts/codec/codec.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { counted } from '../compare/counted.ts';
import { veiled } from './veil.ts';

/** What stands for a body that cannot be shown: why. */
export class Hidden {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/** The body of what a turn heard, decoded; undefined when there is none, a `Hidden` when it cannot be shown. Never throws. */
export function heardBody(turn: RecordedTurn, sealer?: Sealer): unknown {
  const rec = turn.sealed === true ? openRec(turn.rec, sealer) : turn.rec;
  if (rec === undefined) return new Hidden('carries secret data, and the key is not here');
  const box = rec.t === 'call' ? rec.body : rec.t === 'answer' ? rec.result : undefined;
  if (box === undefined || typeof box === 'string') return box;
  if (!(box instanceof Uint8Array)) return isRef(box) ? new Hidden(`refers to ${box.key}@${box.revision}`) : box;
  if (turn.shape === true) return new Hidden('a stream of bytes, kept by its shape alone');
  try {
    return shownOf(rec.t === 'call' ? rec.subject : '', decodedHeard(rec, box));
  } catch (error) {
    return new Hidden(`${counted(box.length, 'byte')} that cannot be read: ${(error as Error).message}`);
  }
}

function decodedHeard(rec: Rec, bytes: Bytes): unknown {
  if (rec.t !== 'call') return decode(bytes, 'application/msgpack');
  if (rec.headers[LATEST_HEADER] !== undefined) {
    const messages = decodeMsgpack(bytes) as readonly (readonly [string, Bytes])[];
    return Object.fromEntries(messages.map(([subject, body]) => [subject, decode(body)]));
  }
  const declared = rec.headers[HEADER.contentType];
  if (contentTypeOf(bytes, declared) !== YAML_TYPE) return decode(bytes, declared);
  const documents = decodeAll(bytes, declared);
  return documents.length > 1 ? documents : documents[0];
}

/** The body of something said as it was recorded. Never throws. */
export function saidBody(said: SaidThen): unknown {
  const { subject, body, size } = said;
  if (size === 0) return undefined;
  if (body === undefined) return new Hidden(`${counted(size, 'byte')}, kept by their hash alone${hashedFor(said)}`);
  try {
    return shownOf(subject, bodyIn(body));
  } catch (error) {
    return new Hidden(`${counted(size, 'byte')} that cannot be read: ${(error as Error).message}`);
  }
}

/** Why of something said there is a hash alone. */
function hashedFor({ kind, subject, size }: SaidThen): string {
  if (kind === 'reply') return ', as answers are';
  if (kind === 'port') return ', as questions to a driver are';
  if (isNodeMail(subject)) return ', as what a node is told of its pods is';
  return size > SAID_BYTES_MAX ? `, as bodies of more than ${SAID_BYTES_MAX} are` : '';
}

const isRef = (value: object): value is Ref => 'key' in value && 'revision' in value;

/** A body as it may be shown. What is sent about a Secret without saying so, a patch, is not shown at all. */
export function shownOf(subject: string, body: unknown): unknown {
  const kind = isPlain(body) ? body['kind'] : undefined;
  const isSecret = /\.secrets(\.|=2F|$)/.test(subject) && isPlain(body);
  return isSecret && kind === undefined ? new Hidden('carries secret data') : veiled(body);
}
