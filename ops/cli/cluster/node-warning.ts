import type { Node } from '../../../contracts/kinds/kinds.ts';
import { printable } from '../../../contracts/printable.ts';
import { type Cluster, OPERATOR } from '../../boot/home/cluster.ts';
import type { Client } from '../../client/client.ts';
import { connectClient } from '../../client/connect.ts';
import { pause } from '../../client/pause.ts';
import { watchObjects } from '../../client/watch.ts';
import { hasReportedSince, planNodeWarning } from './plan-node-warning.ts';
import { workerErrorsOf } from './status.ts';

/** A node is ready within one second, or reports after three that its engine does not answer. */
const LOOK_MS = 5_000;

interface Started {
  readonly cluster: Pick<Cluster, 'url' | 'node'>;
  readonly home: string;
  /** When the start began, milliseconds since the Unix epoch. */
  readonly since: number;
}

/**
 * After a start, prints why this machine's node is not ready, once that is known. Errors of these requests are ignored.
 * @param looksMost how often to look, each time for 5 s, while neither the node nor its worker reports anything
 */
export async function warnAboutNode(
  { cluster, home, since }: Started,
  say: (line: string) => void,
  signal: AbortSignal,
  looksMost: number,
): Promise<void> {
  const client = await connectClient({ home, url: cluster.url, user: OPERATOR }).catch(() => undefined);
  if (client === undefined) return;
  const close = (): void => void client.close();
  signal.addEventListener('abort', close);
  const { node: name } = cluster;
  try {
    for (let looks = 0; looks < looksMost && !signal.aborted; looks++) {
      const node = await reportedNode(client, name, since, signal);
      if (signal.aborted) return;
      const [workerError] = await workerErrorsOf(client, [name]);
      const warning = planNodeWarning(name, node, workerError, since);
      if (warning !== undefined) say(`warning: ${printable(warning)}`);
      if (warning !== undefined || (node !== undefined && hasReportedSince(node, since))) return;
    }
  } catch {
    // the cluster is stopping already; "troupe status" shows the rest
  } finally {
    signal.removeEventListener('abort', close);
    await client.close();
  }
}

/** @returns the node once it has reported its status, or after 5 s as it is then */
async function reportedNode(
  client: Client,
  name: string,
  since: number,
  signal: AbortSignal,
): Promise<Node | undefined> {
  const over = new AbortController();
  const end = (): void => over.abort();
  signal.addEventListener('abort', end);
  void pause(LOOK_MS, over.signal).then(end);
  let last: Node | undefined;
  try {
    const following = { fieldSelector: `metadata.name=${name}`, signal: over.signal };
    for await (const { object } of watchObjects<Node>(client, 'nodes', {}, following)) {
      last = object;
      if (hasReportedSince(object, since)) break;
    }
    return last;
  } finally {
    end();
    signal.removeEventListener('abort', end);
  }
}
