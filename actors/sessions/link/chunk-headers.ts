import { statusError } from '../../../contracts/errors/status.ts';
import { HEADER, type Headers } from '../../../contracts/headers.ts';
import { printable } from '../../../contracts/printable.ts';
import type { SessionChunk } from '../../../contracts/messages/sessions.ts';

/** A chunk's last word where nothing failed. */
export const ENDED_WELL = 'ok';

export const chunkHeaders = ({ offset, end }: Pick<SessionChunk, 'offset' | 'end'>): Headers => ({
  [HEADER.offset]: String(offset),
  ...(end === undefined ? {} : { [HEADER.end]: printable(end) }),
});

/** @throws StatusError BadRequest when the headers are those of no chunk */
export function chunkOf(headers: Headers, bytes: Uint8Array): SessionChunk {
  const offset = headers[HEADER.offset];
  if (offset === undefined || !/^\d{1,15}$/.test(offset))
    throw statusError('BadRequest', `the message has no header ${HEADER.offset} with the number of bytes before it`);
  const end = headers[HEADER.end];
  return { offset: Number(offset), bytes, ...(end === undefined ? {} : { end }) };
}
