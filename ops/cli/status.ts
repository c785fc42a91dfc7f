import { StatusError } from '../../contracts/errors/status.ts';
import type { Deployment, Node, Pod } from '../../contracts/kinds/kinds.ts';
import type { Client } from '../client/client.ts';
import { Exit, UsageError } from './errors.ts';
import { type ClusterFacts, type Ping, planStatus, statusRows } from './plan-status.ts';
import { toJson, toYaml } from './print.ts';
import { FAILURE } from './render-error.ts';
import { type ClusterOptions, withClient } from './session.ts';
import type { Terminal } from './terminal.ts';

export interface StatusOptions extends ClusterOptions {
  readonly output?: string;
}

/** How long to listen for actors: they answer within milliseconds, and nobody says how many there are. */
const LISTEN_MS = 250;

export async function status(options: StatusOptions, terminal: Terminal): Promise<void> {
  const { output } = options;
  if (output !== undefined && output !== 'json' && output !== 'yaml') {
    throw new UsageError(`there is no output "${output}"; use -o json or -o yaml`);
  }
  const found = planStatus(await withClient(options, factsOf));
  if (output === 'json') terminal.out(toJson(found));
  else if (output === 'yaml') terminal.out(await toYaml(found));
  else {
    const { paint } = terminal;
    for (const [heading, text] of statusRows(found)) terminal.out(`${paint('bold', heading.padEnd(11))}   ${text}\n`);
    for (const problem of found.problems) terminal.out(`${paint('red', 'Problem'.padEnd(11))}   ${problem}\n`);
  }
  if (!found.healthy) throw new Exit(FAILURE);
}

/** Asks everything at once. */
export async function factsOf(client: Client): Promise<ClusterFacts> {
  let problem: string | undefined;
  const list = async <T>(resource: string): Promise<readonly T[] | undefined> => {
    try {
      return (await client.list<T>(resource, {})).items;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      problem ??= error.message;
      return undefined;
    }
  };
  const [actors, nodes, pods, deployments] = await Promise.all([
    ping(client),
    list<Node>('nodes'),
    list<Pod>('pods'),
    list<Deployment>('deployments'),
  ]);
  const info = client.connection.info;
  const { caller, prefix, url } = client;
  return { url, caller, prefix, natsVersion: info?.version ?? 'unknown', actors, nodes, pods, deployments, problem };
}

async function ping(client: Client): Promise<Ping[]> {
  const found = new Map<string, Ping>();
  try {
    const answers = await client.connection.requestMany('$SRV.PING', '', {
      strategy: 'stall',
      stall: LISTEN_MS,
      maxWait: 1_000,
    });
    for await (const message of answers) {
      if (message.data.length === 0) continue;
      const { name, id } = JSON.parse(message.string()) as Ping;
      found.set(id, { name, id });
    }
  } catch {
    return []; // nobody answers, or a tenant may not ask
  }
  return [...found.values()];
}
