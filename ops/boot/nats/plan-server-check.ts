import { checkNatsVersion, OLDEST_NATS_SERVER, parseNatsVersion, TESTED_NATS_SERVER } from './plan-nats-version.ts';

const MIB = 2 ** 20;
/** An object of at most 1.5 MiB, with its envelope. */
const PAYLOAD_BYTES_MIN = 2 * MIB;

/** The part of a nats-server's greeting that is checked. */
export interface ServerInfo {
  readonly version: string;
  readonly max_payload: number;
}

/**
 * Checks the version and settings of a connected nats-server. Pure.
 * @returns a refusal when Troupe cannot work with it, else warnings for its administrator
 */
export function checkServer(
  { version: reported, max_payload: bytes }: ServerInfo,
  url: string,
): { readonly refusal?: string; readonly warnings: readonly string[] } {
  const version = parseNatsVersion(reported);
  const verdict = version === undefined ? 'ok' : checkNatsVersion(version);
  if (verdict === 'refuse') {
    return {
      refusal: `nats-server at ${url} is ${reported}, older than ${OLDEST_NATS_SERVER}; run ${TESTED_NATS_SERVER} or newer there`,
      warnings: [],
    };
  }
  const warnings: string[] = [];
  if (verdict === 'warn')
    warnings.push(`nats-server at ${url} is ${reported}; Troupe is tested with ${TESTED_NATS_SERVER}`);
  if (bytes < PAYLOAD_BYTES_MIN) {
    warnings.push(
      `nats-server at ${url} accepts messages of at most ${(bytes / MIB).toFixed(1)} MiB, and objects may have 1.5 MiB; set max_payload to 8MB there, as in the output of "troupe permissions"`,
    );
  }
  return { warnings };
}
