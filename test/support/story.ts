import {
  expectReplays,
  expectUnharmed,
  type SimulatedCluster,
  type SimulatedClusterOptions,
  startSimulatedCluster,
} from './simulated-cluster.ts';

/**
 * Longest that a story may take, for one that hangs. What it waits for has limits of its own and says which it was; of the
 * stories of a file, several run at once.
 */
export const STORY_MS = 180_000;

/**
 * A story on a whole cluster of its own. Once it is told nothing may have been harmed by it, and every actor's recording of
 * it must say the same again.
 */
export const onCluster =
  (options: SimulatedClusterOptions, story: (cluster: SimulatedCluster) => Promise<void>) =>
  async (): Promise<void> => {
    const cluster = await startSimulatedCluster(options);
    try {
      await story(cluster);
      await expectUnharmed(cluster);
      await expectReplays(cluster);
    } finally {
      await cluster.stop();
    }
  };
