const FIRST = Date.parse('0000-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59Z');

/**
 * Formats a time as Kubernetes' `metav1.Time`: UTC, whole seconds. Pure.
 * @param millis since the Unix epoch; clamped to the years 0 to 9999
 */
export const rfc3339 = (millis: number): string =>
  `${new Date(Math.min(Math.max(millis, FIRST), LAST)).toISOString().slice(0, 19)}Z`;

/** `metav1.MicroTime`: UTC with six decimals. */
export const rfc3339Micro = (millis: number): string => `${new Date(millis).toISOString().slice(0, 23)}000Z`;

/** Milliseconds since the Unix epoch; `NaN` when `text` is not an RFC 3339 timestamp with a time zone. */
export const parseRfc3339 = (text: string | undefined): number =>
  text !== undefined && /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
