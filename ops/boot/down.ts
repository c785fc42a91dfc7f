import { statusError } from '../../contracts/errors/status.ts';
import { readCluster } from './home/cluster.ts';
import { homePaths, troupeHome } from './home/home.ts';
import { endLeftovers, runningUp } from './home/home-lock.ts';
import { removePods, runningPods } from './roles/node-containers.ts';
import { describeOtherNode, otherNodes } from './roles/other-nodes.ts';
import { endProcess } from './supervision/processes.ts';

export interface DownOptions {
  readonly home?: string;
  /** Also remove the containers of this machine's node. The pods stay in the store: the next start creates the containers again. */
  readonly pods?: boolean;
  /** Only remove the containers of this node, whose worker has ended already; stop nothing. */
  readonly node?: string;
  /** Called with messages for the user, one line each. */
  readonly say: (text: string) => void;
}

/** Long enough for `up` to stop its child processes one after the other, each with its grace period. */
const GRACE_MS = 45_000;

/**
 * Stops the control plane that `troupe up` started from this home; containers and the Docker engine keep running.
 * @throws StatusError NotFound (this home has no cluster; processes of a lost one are stopped all the same), Conflict (this home
 * runs the worker of `options.node`)
 */
export async function down(options: DownOptions): Promise<void> {
  const paths = homePaths(options.home ?? troupeHome());
  const running = runningUp(paths);
  if (options.node !== undefined) {
    if (running !== undefined && readCluster(paths)?.node === options.node)
      throw statusError(
        'Conflict',
        `remove the containers of node ${options.node}: its worker runs here and would start them again; \`troupe down --pods\` stops it too`,
      );
    options.say(removed(await removePods(options.node)));
    return;
  }
  if (running !== undefined) await endProcess(running.up, GRACE_MS);
  const left = await endLeftovers(paths);
  const hasEnded = running !== undefined || left > 0;
  if (hasEnded) options.say('the control plane has stopped');
  const cluster = readCluster(paths); // read after stopping, which must not depend on this file
  if (cluster === undefined) {
    const finding = hasEnded
      ? `${paths.cluster} is missing, which names the node whose containers belong to this cluster`
      : `there is no cluster in ${paths.home}`;
    throw statusError('NotFound', `${finding}; \`troupe up\` creates one`);
  }
  if (!hasEnded) options.say('nothing was running');
  const { node } = cluster;
  const others = await otherNodes(paths, node);
  if (options.pods === true) options.say(removed(await removePods(node)));
  else options.say(stillRunning((await runningPods(node))?.size, others.length === 0 ? '' : ` of node ${node}`));
  for (const other of others) options.say(describeOtherNode(other));
}

const removed = (count: number): string => `${count} ${count === 1 ? 'pod' : 'pods'} removed`;

/**
 * @param pods  pods of this node that run; `undefined` when the engine does not answer
 * @param whose the node, where other nodes' containers run too
 */
function stillRunning(pods: number | undefined, whose: string): string {
  const remedy = '`troupe down --pods` removes them too';
  if (pods === undefined) return `the Docker engine does not answer; if containers keep running, ${remedy}`;
  return pods === 0 ? `no containers${whose} run` : `containers${whose} keep running; ${remedy}`;
}
