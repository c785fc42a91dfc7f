import {
  expectReplays,
  expectUnharmed,
  type SimulatedCluster,
  type SimulatedClusterOptions,
  startSimulatedCluster,
} from './simulated-cluster.ts';

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
