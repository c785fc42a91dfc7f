import type { HomePaths } from '../home/home.ts';
import { readUsers } from '../users/users.ts';
import { runningNodes } from './pods.ts';

/**
 * Nodes of this home's cluster under other names of which containers run on this machine: those of a home that is started
 * with another node name run on, and the worker of the new name does not know them.
 * @param node the home's own
 */
export const otherNodes = async (paths: HomePaths, node: string): Promise<readonly string[]> =>
  runningNodes(nodesKnown(paths).filter((one) => one !== node));

export const tellOther = (node: string): string =>
  `containers of node ${node} run on this machine; unless its worker runs too, go on with \`troupe up --node ${node}\`, or remove them: \`troupe down --pods --node ${node}\``;

function nodesKnown(paths: HomePaths): readonly string[] {
  try {
    return readUsers(paths).flatMap(({ node }) => node ?? []);
  } catch {
    return []; // who needs the users says what is wrong with them
  }
}
