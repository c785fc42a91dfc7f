import { KEEP, type Keep } from '../../../actors/store/plan-retention.ts';
import { statusError } from '../../../contracts/errors/status.ts';

/* How long and how large recordings, with the history and the checkpoints that they need, may become: one setting. */

/** The environment in which `troupe up`, or a person who adds a master, says it: milliseconds and bytes. */
export const keepEnv = ({ maxAgeMs, maxBytes }: Keep): Record<string, string> => ({
  TROUPE_KEEP_MS: String(maxAgeMs),
  TROUPE_KEEP_BYTES: String(maxBytes),
});

/** @throws StatusError BadRequest */
export function keepFromEnv(env: NodeJS.ProcessEnv): Keep {
  const read = (name: string, usual: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return usual;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw statusError('BadRequest', `${name} is "${text}"; it must be a whole number above 0`);
  };
  return { maxAgeMs: read('TROUPE_KEEP_MS', KEEP.maxAgeMs), maxBytes: read('TROUPE_KEEP_BYTES', KEEP.maxBytes) };
}
