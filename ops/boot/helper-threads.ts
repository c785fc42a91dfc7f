import { availableParallelism } from 'node:os';

/** As many as Node starts wherever it runs. */
const MOST = 4;

/**
 * Arguments of a Node process that shares its machine with nats-server: V8's helper threads (collecting, compiling) are as many as
 * there are cores besides its own. Four of them on two cores keep nats-server waiting for milliseconds. Who sets
 * `--v8-pool-size` in NODE_OPTIONS has her way.
 */
export function helperThreads(env: NodeJS.ProcessEnv, cores: number = availableParallelism()): readonly string[] {
  if (env['NODE_OPTIONS']?.includes('--v8-pool-size') === true) return [];
  return [`--v8-pool-size=${Math.min(MOST, Math.max(1, cores - 1))}`];
}
