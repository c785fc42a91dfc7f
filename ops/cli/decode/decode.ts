import { buffer } from 'node:stream/consumers';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { UsageError } from '../shared/errors.ts';
import { toJson } from '../shared/print.ts';
import type { Terminal } from '../shared/terminal.ts';
import { bytesOf, type Decoded, decodeMessage, readSubject } from './decode-message.ts';

export interface DecodeOptions {
  readonly hex?: boolean;
  readonly base64?: boolean;
  readonly contentType?: string;
}

/** `[subject] [payload]`; without a payload, or with `-`, it is read from stdin, raw, as hex or as base64. */
export async function decode(args: readonly string[], options: DecodeOptions, terminal: Terminal): Promise<void> {
  if (options.hex === true && options.base64 === true)
    throw new UsageError('--hex and --base64 exclude each other; use one of them');
  const [first, second] = args;
  const subject = first !== undefined && looksLikeSubject(first) ? first : undefined;
  const payload = subject === undefined ? first : second;
  if (subject === undefined && second !== undefined) {
    throw new UsageError(`"${first ?? ''}" is not a subject; write "troupe decode [subject] [payload]"`);
  }
  const read = subject === undefined ? undefined : readSubject(subject);
  if (subject !== undefined && read === undefined) {
    throw new UsageError(
      `${subject} is not a subject of Troupe; they look like troupe.api.<caller>.<verb>.<resource>.<namespace>.<name>`,
    );
  }
  if (first === undefined && process.stdin.isTTY === true)
    throw new UsageError('give a payload, a subject, or - for stdin');
  const alone = payload === undefined && subject !== undefined && process.stdin.isTTY === true;
  const as = options.hex === true ? 'hex' : options.base64 === true ? 'base64' : 'guess';
  const bytes = alone
    ? new Uint8Array()
    : payload === undefined || payload === '-'
      ? await stdin(as)
      : bytesOf(payload, as);
  if (bytes.length === 0 && read !== undefined) {
    terminal.out(toJson(read));
    return;
  }
  if (bytes.length === 0)
    throw new UsageError(
      `nothing to decode: ${payload === undefined || payload === '-' ? 'stdin' : 'the payload'} is empty`,
    );
  const { documents } = readable(bytes, options.contentType);
  if (read !== undefined) terminal.out(toJson({ ...read, body: documents.length === 1 ? documents[0] : documents }));
  else for (const document of documents) terminal.out(toJson(document));
}

function readable(bytes: Uint8Array, declared: string | undefined): Decoded {
  try {
    return decodeMessage(bytes, declared);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (RECORDED.some((mark) => Buffer.from(bytes).subarray(0, mark.length).toString('latin1') === mark))
      throw statusError('BadRequest', 'this is part of a recording, not a message; use "troupe replay"');
    throw statusError(
      'BadRequest',
      `${error.message}; if the encoding was detected wrongly, give --hex, --base64 or --content-type`,
    );
  }
}

/** The first bytes of a recording file, and of a message of the journal. */
const RECORDED = ['TROUPE-RECORDING', 'TJ'];

const looksLikeSubject = (text: string): boolean => /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_=-]+)+$/.test(text);

async function stdin(as: 'hex' | 'base64' | 'guess'): Promise<Uint8Array> {
  const raw = await buffer(process.stdin);
  const readable = raw.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127));
  return readable || as !== 'guess' ? bytesOf(raw.toString('utf8'), as) : raw;
}
