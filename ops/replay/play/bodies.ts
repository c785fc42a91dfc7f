import {
  type Bytes,
  bodyIn,
  isPodsMessage,
  LATEST_HEADER,
  openRec,
  type Rec,
  type RecordedTurn,
  type Ref,
  SAID_BYTES_MAX,
  type SaidThen,
  type Sealer,
} from '../../../actors/kernel/replay-api.ts';
import { contentTypeOf, decode, decodeAll, decodeMsgpack, YAML_TYPE } from '../../../contracts/codec/codec.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { counted } from '../compare/counted.ts';
import { maskSecrets } from './mask-secrets.ts';

/** Stands for a body that cannot be shown, with the reason. */
export class Hidden {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/** The decoded body of a turn's input; undefined when there is none, a `Hidden` when it cannot be shown. Never throws. */
export function heardBody(turn: RecordedTurn, sealer?: Sealer): unknown {
  const rec = turn.sealed === true ? openRec(turn.rec, sealer) : turn.rec;
  if (rec === undefined) return new Hidden('carries secret data, and there is no key');
  const box = rec.t === 'call' ? rec.body : rec.t === 'answer' ? rec.result : undefined;
  if (box === undefined || typeof box === 'string') return box;
  if (!(box instanceof Uint8Array)) return isRef(box) ? new Hidden(`refers to ${box.key}@${box.revision}`) : box;
  if (turn.shape === true) return new Hidden('a stream of bytes, of which only the shape is recorded');
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

/** The decoded body of something said, as recorded; a `Hidden` when it cannot be shown. Never throws. */
export function saidBody(said: SaidThen): unknown {
  const { subject, body, size } = said;
  if (size === 0) return undefined;
  if (body === undefined) return new Hidden(`${counted(size, 'byte')}, recorded only as a hash${hashedFor(said)}`);
  try {
    return shownOf(subject, bodyIn(body));
  } catch (error) {
    return new Hidden(`${counted(size, 'byte')} that cannot be read: ${(error as Error).message}`);
  }
}

/** Why only a hash is recorded. */
function hashedFor({ kind, subject, size }: SaidThen): string {
  if (kind === 'reply') return ', as answers are';
  if (kind === 'port') return ', as requests to a driver are';
  if (isPodsMessage(subject)) return ', as messages with the pods of a node are';
  return size > SAID_BYTES_MAX ? `, as bodies of more than ${SAID_BYTES_MAX} bytes are` : '';
}

const isRef = (value: object): value is Ref => 'key' in value && 'revision' in value;

/** A body as it may be shown: the values of Secrets are masked, and a patch of a Secret is hidden. */
export function shownOf(subject: string, body: unknown): unknown {
  const kind = isPlain(body) ? body['kind'] : undefined;
  const isSecret = /\.secrets(\.|=2F|$)/.test(subject) && isPlain(body);
  return isSecret && kind === undefined ? new Hidden('carries secret data') : maskSecrets(body);
}
