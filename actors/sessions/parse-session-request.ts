import { statusError } from '../../contracts/errors/status.ts';
import { isPlain } from '../../contracts/json-values.ts';
import type { SessionControl, SessionRequest, TerminalSize } from '../../contracts/messages/sessions.ts';

const PORT_MAX = 65_535;
const SIZE_MAX = 65_535;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isFlag = (value: unknown): boolean => value === undefined || typeof value === 'boolean';
const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const isSize = (value: unknown): value is TerminalSize =>
  isPlain(value) && isWhole(value['width'], 0, SIZE_MAX) && isWhole(value['height'], 0, SIZE_MAX);
const isListOf = (value: unknown, fits: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(fits);

function isWork(work: unknown): boolean {
  if (!isPlain(work)) return false;
  if (work['kind'] === 'portforward') return isListOf(work['ports'], (port) => isWhole(port, 1, PORT_MAX));
  const flags = ['stdin', 'stdout', 'stderr', 'tty'].every((name) => isFlag(work[name]));
  const size = work['size'] === undefined || isSize(work['size']);
  const isWord = (word: unknown): boolean => typeof word === 'string';
  return work['kind'] === 'exec' && isText(work['container']) && isListOf(work['command'], isWord) && flags && size;
}

/** @throws StatusError BadRequest */
export function parseSessionRequest(body: unknown): SessionRequest {
  const named = ['id', 'caller', 'namespace', 'pod', 'podUid'];
  if (isPlain(body) && named.every((name) => isText(body[name])) && isWork(body['work']))
    return body as unknown as SessionRequest;
  throw statusError(
    'BadRequest',
    `open a session: the request must have ${named.join(', ')} and work, as in contracts/messages/sessions.ts`,
  );
}

const isPositions = (value: unknown): boolean =>
  value === undefined ||
  (isPlain(value) && Object.values(value).every((position) => isWhole(position, 0, Number.MAX_SAFE_INTEGER)));

/** @throws StatusError BadRequest */
export function parseControl(body: unknown): SessionControl {
  const fits =
    isPlain(body) &&
    isPositions(body['taken']) &&
    isPositions(body['sent']) &&
    (body['size'] === undefined || isSize(body['size'])) &&
    isFlag(body['close']);
  if (fits) return body as SessionControl;
  throw statusError('BadRequest', 'control a session: the message must be a SessionControl');
}
