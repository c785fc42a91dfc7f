import type { Keep } from '../../../actors/store/plan-retention.ts';
import { isQuantity, wholeUnits } from '../../../contracts/quantity.ts';
import type { NodeLimits } from './eviction-options.ts';
import { UsageError } from '../shared/errors.ts';
import { parseSpan } from '../shared/parse-span.ts';

export interface UpOptions extends NodeLimits {
  readonly detach?: boolean;
  readonly port?: string;
  readonly sync?: string;
  readonly node?: string;
  readonly keep?: string;
  readonly keepSize?: string;
}

/** @throws UsageError */
export function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError(`--port is "${text}"; it must be a whole number from 1 to 65535`);
}

const KEEP_MS_MIN = 3_600_000;
const KEEP_BYTES_MIN = 64 * 2 ** 20;

/** Limits of `--keep 3d --keep-size 2Gi`, for recordings and the history and checkpoints that they need. @throws UsageError */
export function keepOf({ keep, keepSize }: UpOptions): Partial<Keep> {
  const maxAgeMs = keep === undefined ? undefined : parseSpan('--keep', keep);
  if (maxAgeMs !== undefined && maxAgeMs < KEEP_MS_MIN)
    throw new UsageError(`--keep is "${keep ?? ''}"; it must be at least 1h, such as 12h or 7d`);
  if (keepSize === undefined) return maxAgeMs === undefined ? {} : { maxAgeMs };
  const maxBytes = isQuantity(keepSize) ? wholeUnits(keepSize) : 0;
  if (maxBytes < KEEP_BYTES_MIN)
    throw new UsageError(`--keep-size is "${keepSize}"; write a size of at least 64Mi, such as 4Gi`);
  return { maxBytes, ...(maxAgeMs === undefined ? {} : { maxAgeMs }) };
}
