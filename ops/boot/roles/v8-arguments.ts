import { availableParallelism } from 'node:os';

/** Helper threads: as many as Node starts wherever it runs. */
const THREADS_MOST = 4;
/**
 * Young heap, in MiB. What is under way when it is collected is copied, whatever its size: half as many collections are half the
 * copying. Of a master under full load a sixth was that with V8's own 16.
 */
const YOUNG_MB = 32;

/**
 * Arguments of a Node process that shares its machine with nats-server. V8's helper threads (collecting, compiling) are as many as
 * there are cores besides its own: four of them on two cores keep nats-server waiting for milliseconds. Who sets one of them in
 * NODE_OPTIONS has her way with it.
 */
export function v8Arguments(env: NodeJS.ProcessEnv, cores: number = availableParallelism()): readonly string[] {
  const wanted = {
    '--v8-pool-size': Math.min(THREADS_MOST, Math.max(1, cores - 1)),
    '--max-semi-space-size': YOUNG_MB,
  };
  const hers = env['NODE_OPTIONS']?.replaceAll('_', '-') ?? ''; // V8 takes either
  return Object.entries(wanted)
    .filter(([name]) => !hers.includes(name))
    .map(([name, value]) => `${name}=${value}`);
}
