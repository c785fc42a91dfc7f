import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/** Node's own number of V8 helper threads. */
const THREADS_MOST = 4;
/**
 * Size of V8's young heap, in MiB. A young collection copies what is in use at that moment, whatever the size of the heap; half as
 * many collections copy half as much. With V8's default of 16, a master under full load spent a sixth of its CPU on it. A worker has
 * little to collect but the bytes of sessions, which V8 does not count: with 2, a stream of 1 GB costs it 40 MB less, and no time.
 */
const YOUNG_MB = { master: 32, worker: 2 };

/**
 * Arguments of a Node process that shares its machine with nats-server. By default V8 has four helper threads (collecting,
 * compiling); on two cores they keep nats-server waiting for milliseconds, so there is one fewer than cores. An argument that is
 * set in NODE_OPTIONS is left out.
 */
export function v8Arguments(
  env: NodeJS.ProcessEnv,
  role: keyof typeof YOUNG_MB = 'master',
  cores: number = availableParallelism(),
): readonly string[] {
  const wanted = {
    '--v8-pool-size': Math.min(THREADS_MOST, Math.max(1, cores - 1)),
    '--max-semi-space-size': YOUNG_MB[role],
  };
  const given = env['NODE_OPTIONS']?.replaceAll('_', '-') ?? ''; // V8 takes either
  return Object.entries(wanted)
    .filter(([name]) => !given.includes(name))
    .map(([name, value]) => `${name}=${value}`);
}

/**
 * Lets the old heap of this process grow to twice the live objects before it is collected, instead of up to four times. Costs about
 * a twentieth of a master's CPU under full load, saves a fifth of its memory. A V8 without this setting prints a warning and goes on.
 */
export const limitHeapGrowth = (): void => setFlagsFromString('--heap-growing-percent=100');

/** The same for nats-server, a Go program: its heap grows by half of the live objects instead of doubling. GOGC of `env` wins. */
export const natsMemoryEnv = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ GOGC: '50', ...env });
