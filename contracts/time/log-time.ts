/* Timestamps of log lines: RFC 3339, UTC, nine decimals, so that they can be compared as text. */

/** @returns `text` in that form; `undefined` when it is not an RFC 3339 timestamp */
export function logTime(text: string): string | undefined {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const seconds = found === null ? Number.NaN : Date.parse(`${found[1]}${found[3]}`);
  if (found === null || Number.isNaN(seconds)) return undefined;
  return `${new Date(seconds).toISOString().slice(0, 19)}.${(found[2] ?? '').padEnd(9, '0')}Z`;
}

/** @param millis since the Unix epoch */
export const logTimeOf = (millis: number): string => `${new Date(millis).toISOString().slice(0, 23)}000000Z`;

/** `<seconds>.<nanoseconds>` since the Unix epoch, for Docker's `since`. @param time in the form that `logTime` returns */
export const unixNanos = (time: string): string =>
  `${Date.parse(`${time.slice(0, 19)}Z`) / 1000}.${time.slice(20, 29)}`;
