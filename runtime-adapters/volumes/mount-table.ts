import { readFile } from 'node:fs/promises';

/** Mount points, in the order in which they were mounted. Pure. @param table text of `/proc/self/mountinfo` */
export const mountPointsOf = (table: string): readonly string[] =>
  table
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((point) => point !== undefined)
    .map((point) => point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(parseInt(octal, 8))));

/** Everything that is mounted on this machine; empty where the system does not say. */
export async function mountPoints(): Promise<readonly string[]> {
  try {
    return mountPointsOf(await readFile('/proc/self/mountinfo', 'utf8'));
  } catch {
    return [];
  }
}

/** What is mounted at a path or below it, the last mount first. Pure. */
export const mountedBelow = (points: readonly string[], path: string): readonly string[] =>
  points.filter((point) => point === path || point.startsWith(`${path}/`)).toReversed();
