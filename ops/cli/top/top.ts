import { randomUUID } from 'node:crypto';
import { encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import type { Node, Pod } from '../../../contracts/kinds/kinds.ts';
import type { NodeUsage } from '../../../contracts/messages/metrics.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Client } from '../../client/client.ts';
import { formatTable } from '../objects/plan-table.ts';
import { Exit } from '../shared/errors.ts';
import { FAILURE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import { planTopNodes, planTopPods, type SortBy } from './plan-top.ts';

export interface TopOptions extends ClusterOptions {
  readonly containers?: boolean;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly sortBy?: string;
  readonly headers?: boolean;
}

const ANSWER_MS = 5_000;

export async function topPods(args: readonly string[], options: TopOptions, terminal: Terminal): Promise<void> {
  await withClient(options, async (client) => {
    const namespace = options.allNamespaces === true ? undefined : namespaceOf(options, client);
    const pods = await find<Pod>(client, 'pods', namespace, args[0], options);
    if (pods.length === 0) {
      terminal.tell(namespace === undefined ? 'No resources found' : `No resources found in ${namespace} namespace.`);
      return;
    }
    const nodes = new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []).filter((name) => name !== ''));
    const usages = await samplesOf(client, [...nodes]);
    const rows = planTopPods(pods, usages, {
      namespaces: options.allNamespaces === true,
      containers: options.containers === true,
      sortBy: sortBy(options),
    });
    print(rows, options, terminal);
  });
}

export async function topNodes(args: readonly string[], options: TopOptions, terminal: Terminal): Promise<void> {
  await withClient(options, async (client) => {
    const nodes = await find<Node>(client, 'nodes', undefined, args[0], options);
    const usages = await samplesOf(
      client,
      nodes.flatMap(({ metadata }) => metadata?.name ?? []),
    );
    const isKnown = usages.some(({ cpuNanoCores }) => cpuNanoCores !== undefined);
    print(isKnown ? planTopNodes(nodes, usages, sortBy(options)) : [[]], options, terminal);
  });
}

async function find<T extends Node | Pod>(
  client: Client,
  resource: string,
  namespace: string | undefined,
  name: string | undefined,
  { selector }: TopOptions,
): Promise<readonly T[]> {
  const where = namespace === undefined ? {} : { namespace };
  if (name !== undefined) return [await client.get<T>(resource, { ...where, name })];
  const selected = selector === undefined ? {} : { labelSelector: selector };
  return (await client.list<T>(resource, where, selected)).items;
}

/** The last samples of the nodes that answer. @throws StatusError Forbidden: the broker lets only operators ask nodes */
async function samplesOf(client: Client, nodes: readonly string[]): Promise<readonly NodeUsage[]> {
  const { connection, inboxPrefix, prefix, caller } = client;
  const found = await Promise.all(
    nodes.map(async (name): Promise<NodeUsage | undefined> => {
      const subject = SUBJECTS.nodeMetrics.subject(prefix, { node: name });
      const reply = `${inboxPrefix}.${randomUUID()}`;
      const options = { timeout: ANSWER_MS, noMux: true, reply };
      try {
        return client.decode<NodeUsage>(await connection.request(subject, encodeMsgpack({}), options));
      } catch (error) {
        if (/permissions violation/i.test(String(error)))
          throw statusError('Forbidden', `user "${caller}" cannot ask node ${name} for its usage samples`);
        return undefined; // it does not run, or has no sample yet
      }
    }),
  );
  return found.filter((sample) => sample !== undefined);
}

const sortBy = ({ sortBy: by }: TopOptions): SortBy => (by === 'cpu' || by === 'memory' ? by : undefined);

function print(rows: readonly (readonly string[])[], { headers }: TopOptions, terminal: Terminal): void {
  if (rows.length < 2) {
    terminal.tell('error: metrics not available yet');
    throw new Exit(FAILURE);
  }
  terminal.out(formatTable(headers === false ? rows.slice(1) : rows));
}
