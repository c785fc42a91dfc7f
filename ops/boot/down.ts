import { statusError } from '../../contracts/errors/status.ts';
import { readCluster } from './home/cluster.ts';
import { homePaths, troupeHome } from './home/home.ts';
import { endLeftovers, runningUp } from './home/lock.ts';
import { otherNodes, tellOther } from './roles/other-nodes.ts';
import { removePods, runningPods } from './roles/pods.ts';
import { endProcess } from './watch/processes.ts';

export interface DownOptions {
  readonly home?: string;
  /** Also remove the containers of this machine's node; its objects stay, so the next start makes them again. */
  readonly pods?: boolean;
  /** End nothing: remove the containers of this node, whose worker was ended otherwise. */
  readonly node?: string;
  /** What happens, in one line each: for people. */
  readonly say: (text: string) => void;
}

/** Long enough for `up` to end its children one after the other, each with its grace. */
const GRACE_MS = 45_000;

/**
 * Ends the control plane that `troupe up` started from this home, by the processes it noted down. Containers keep
 * running, and the Docker engine too.
 * @throws StatusError NotFound when there is no cluster in this home; what runs has ended then, too. Conflict when this
 *   home runs the worker of the node whose containers are to go
 */
export async function down(options: DownOptions): Promise<void> {
  const paths = homePaths(options.home ?? troupeHome());
  const running = runningUp(paths);
  if (options.node !== undefined) {
    if (running !== undefined && readCluster(paths)?.node === options.node)
      throw statusError(
        'Conflict',
        `remove the containers of node ${options.node}: its worker runs here, and would start them again; \`troupe down --pods\` ends it too`,
      );
    options.say(removed(await removePods(options.node)));
    return;
  }
  if (running !== undefined) await endProcess(running.up, GRACE_MS);
  const left = await endLeftovers(paths);
  const hasEnded = running !== undefined || left > 0;
  if (hasEnded) options.say('the control plane has ended');
  const cluster = readCluster(paths); // what runs is ended, whatever became of this file
  if (cluster === undefined) {
    const finding = hasEnded
      ? `${paths.cluster} is missing, which says whose containers are this cluster's`
      : `there is no cluster in ${paths.home}`;
    throw statusError('NotFound', `${finding}; \`troupe up\` makes one`);
  }
  if (!hasEnded) options.say('nothing was running');
  const { node } = cluster;
  const others = await otherNodes(paths, node);
  if (options.pods === true) options.say(removed(await removePods(node)));
  else options.say(stillRunning((await runningPods(node))?.size, others.length === 0 ? '' : ` of node ${node}`));
  for (const other of others) options.say(tellOther(other));
}

const removed = (count: number): string => `${count} ${count === 1 ? 'pod' : 'pods'} removed`;

/**
 * @param pods how many of this node run; `undefined`: no engine told
 * @param whose named where others run
 */
function stillRunning(pods: number | undefined, whose: string): string {
  const remedy = '`troupe down --pods` removes them too';
  if (pods === undefined) return `the Docker engine does not answer; if containers keep running, ${remedy}`;
  return pods === 0 ? `no containers${whose} run` : `containers${whose} keep running; ${remedy}`;
}
