import { readFileSync } from 'node:fs';

/** A nats-server that runs. */
export interface RunningServer {
  readonly pid: number;
  readonly configFile: string;
  stop(): Promise<void>;
}

/** Those of this file of tests that were started and not yet stopped. */
export const runningServers = new Set<RunningServer>();

/** Ends what a file of tests left running. @returns of each what helps to find who started it */
export async function endServersLeft(): Promise<readonly string[]> {
  const left = [...runningServers];
  const lines = left.map(
    ({ pid, configFile }) => `nats-server ${pid}, ${configFile}:\n${readFileSync(configFile, 'utf8')}`,
  );
  for (const server of left) await server.stop();
  return lines;
}
