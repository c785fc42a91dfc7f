/**
 * Formats a moment as Kubernetes' `metav1.Time`: UTC, whole seconds. A pure function of its argument.
 * @param millis since the Unix epoch
 */
export const rfc3339 = (millis: number): string => `${new Date(millis).toISOString().slice(0, 19)}Z`;

/** `metav1.MicroTime`: UTC with six decimals. */
export const rfc3339Micro = (millis: number): string => `${new Date(millis).toISOString().slice(0, 23)}000Z`;

/** Milliseconds since the Unix epoch, or `NaN` when `text` is no RFC 3339 moment. Never reads local time. */
export const parseRfc3339 = (text: string | undefined): number =>
  text !== undefined && /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
