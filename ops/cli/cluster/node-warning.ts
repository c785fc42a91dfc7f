import type { Node } from '../../../contracts/kinds/kinds.ts';
import { printable } from '../../../contracts/printable.ts';
import { type Cluster, OPERATOR } from '../../boot/home/cluster.ts';
import type { Client } from '../../client/client.ts';
import { connectClient } from '../../client/connect.ts';
import { pause } from '../../client/pause.ts';
import { watchObjects } from '../../client/watch.ts';
import { hasReportedSince, planNodeWarning } from './plan-node-warning.ts';
import { wordsOf } from './status.ts';

/** A node is ready within one second; that its engine does not answer is known after three. */
const LOOK_MS = 5_000;

interface Started {
  readonly cluster: Pick<Cluster, 'url' | 'node'>;
  readonly home: string;
  /** When the start began, milliseconds since the Unix epoch. */
  readonly since: number;
}

/**
 * Says what keeps the node of a cluster that has just come up from being ready, once that is known. What hinders it from
 * finding out hinders nothing else.
 * @param looksMost how often to look, each for 5 s, while neither the node nor its worker says anything
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
      const node = await toldNode(client, name, since, signal);
      if (signal.aborted) return;
      const [word] = await wordsOf(client, [name]);
      const trouble = planNodeWarning(name, node, word, since);
      if (trouble !== undefined) say(`warning: ${printable(trouble)}`);
      if (trouble !== undefined || (node !== undefined && hasReportedSince(node, since))) return;
    }
  } catch {
    // the cluster ends already; "troupe status" says the rest
  } finally {
    signal.removeEventListener('abort', close);
    await client.close();
  }
}

/** @returns once the node has told of itself, or as it was last seen */
async function toldNode(client: Client, name: string, since: number, signal: AbortSignal): Promise<Node | undefined> {
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
