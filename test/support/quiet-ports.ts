import { randomInt } from 'node:crypto';
import { choosePort } from '../../ops/boot/nats/nats-process.ts';

/** Below the ports that the system gives to outgoing connections (32768 and up on Linux). */
const FIRST = 15_000;
const LAST = 30_000;

/**
 * Free ports for servers that start later. A port that the system chose could be given to a connection of another test in the
 * meantime.
 */
export async function quietPorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FIRST, LAST);
    if ((await choosePort(port)) === port) ports.add(port);
  }
  return [...ports];
}
