import { KEEP, type Keep } from '../../../actors/store/plan-retention.ts';
import { statusError } from '../../../contracts/errors/status.ts';

/* The age and size limit of recordings, together with the history and checkpoints that they need. */

/** The environment variables that pass the limits to a master: milliseconds and bytes. */
export const retentionEnv = ({ maxAgeMs, maxBytes }: Keep): Record<string, string> => ({
  TROUPE_KEEP_MS: String(maxAgeMs),
  TROUPE_KEEP_BYTES: String(maxBytes),
});

/** The limits from the environment, the defaults where a variable is not set. @throws StatusError BadRequest */
export function retentionFromEnv(env: NodeJS.ProcessEnv): Keep {
  const read = (name: string, fallback: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw statusError('BadRequest', `${name} is "${text}"; it must be a whole number above 0`);
  };
  return { maxAgeMs: read('TROUPE_KEEP_MS', KEEP.maxAgeMs), maxBytes: read('TROUPE_KEEP_BYTES', KEEP.maxBytes) };
}
