/**
 * Servers before 2.12 lack what the store needs (marker TTLs with compare-and-set, fixed purges). Before 2.12.6 any user can
 * have the server publish to any subject, with a header for message tracing (CVE-2026-33249).
 */
export const OLDEST_NATS_SERVER = '2.12.6';
/** The version that Troupe is tested with. */
export const TESTED_NATS_SERVER = '2.15.0';

/** @returns `2.15.1` for `nats-server: v2.15.1-dev`; `undefined` when the text holds no version */
export const parseNatsVersion = (text: string): string | undefined => /v?(\d+\.\d+\.\d+)/.exec(text)?.[1];

const numbers = (version: string): readonly number[] => version.split('.').map(Number);

/** Negative when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const right = numbers(b);
  for (const [at, left] of numbers(a).entries()) {
    const difference = left - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `refuse`: older than the oldest supported version; `warn`: older than the tested version. */
export function checkNatsVersion(version: string): 'ok' | 'warn' | 'refuse' {
  if (compareVersions(version, OLDEST_NATS_SERVER) < 0) return 'refuse';
  return compareVersions(version, TESTED_NATS_SERVER) < 0 ? 'warn' : 'ok';
}
