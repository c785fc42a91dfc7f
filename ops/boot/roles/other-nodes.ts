import type { HomePaths } from '../home/home.ts';
import { readUsers } from '../users/users.ts';
import { runningNodes } from './node-containers.ts';

/**
 * Other nodes of this home's cluster whose containers run on this machine. When a home is started with another node name, the
 * containers of the old name keep running, and the worker of the new name does not know them.
 * @param node the home's current node
 */
export const otherNodes = async (paths: HomePaths, node: string): Promise<readonly string[]> =>
  runningNodes(nodesKnown(paths).filter((one) => one !== node));

export const describeOtherNode = (node: string): string =>
  `containers of node ${node} run on this machine; unless its worker runs too, start it with \`troupe up --node ${node}\`, or remove them: \`troupe down --pods --node ${node}\``;

function nodesKnown(paths: HomePaths): readonly string[] {
  try {
    return readUsers(paths).flatMap(({ node }) => node ?? []);
  } catch {
    return []; // commands that need the users report the error
  }
}
