import { judgeNatsVersion, OLDEST_NATS_SERVER, parseNatsVersion, TESTED_NATS_SERVER } from './plan-nats-version.ts';

const MIB = 2 ** 20;
/** An object may be 1.5 MiB, and comes in an envelope. */
const PAYLOAD_BYTES_MIN = 2 * MIB;

/** What a nats-server says of itself as it greets. */
export interface ServerInfo {
  readonly version: string;
  readonly max_payload: number;
}

/**
 * Is a server that somebody else runs one with which Troupe works? Pure.
 * @returns why not, or what its owner should know
 */
export function judgeServer(
  { version: said, max_payload: bytes }: ServerInfo,
  url: string,
): { readonly refusal?: string; readonly warnings: readonly string[] } {
  const version = parseNatsVersion(said);
  const verdict = version === undefined ? 'ok' : judgeNatsVersion(version);
  if (verdict === 'refuse') {
    return {
      refusal: `nats-server at ${url} is ${said}, older than ${OLDEST_NATS_SERVER}; run ${TESTED_NATS_SERVER} or newer there`,
      warnings: [],
    };
  }
  const warnings: string[] = [];
  if (verdict === 'warn')
    warnings.push(`nats-server at ${url} is ${said}; Troupe is tested with ${TESTED_NATS_SERVER}`);
  if (bytes < PAYLOAD_BYTES_MIN) {
    warnings.push(
      `nats-server at ${url} takes messages of at most ${(bytes / MIB).toFixed(1)} MiB, and objects may be 1.5; set max_payload to 8MB there, as the configuration does that "troupe permissions" prints`,
    );
  }
  return { warnings };
}
