import type { ActorStats } from '../../actors/kernel/live/actor-stats.ts';
import { StatusError, statusError } from '../../contracts/errors/status.ts';
import type { Deployment, Node, Pod } from '../../contracts/kinds/kinds.ts';
import type { Client } from '../client/client.ts';
import { Exit, UsageError } from './errors.ts';
import { type ClusterFacts, type Ping, planStatus, type StoreAlarm, statusRows } from './plan-status.ts';
import { toJson, toYaml } from './print.ts';
import { FAILURE } from './render-error.ts';
import { type ClusterOptions, namespaceOf, withClient } from './session.ts';
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
  const found = planStatus(await withClient(options, (client) => factsOf(client, scopeOf(options, client))));
  if (output === 'json') terminal.out(toJson(found));
  else if (output === 'yaml') terminal.out(await toYaml(found));
  else {
    const { paint } = terminal;
    for (const [heading, text] of statusRows(found)) terminal.out(`${paint('bold', heading.padEnd(11))}   ${text}\n`);
    for (const problem of found.problems) terminal.out(`${paint('red', 'Problem'.padEnd(11))}   ${problem}\n`);
  }
  if (!found.healthy) throw new Exit(FAILURE);
}

/** The namespace that is asked about alone: as typed, else a tenant's own. */
const scopeOf = (options: StatusOptions, client: Client): string | undefined =>
  options.namespace ?? (client.namespace === undefined ? undefined : namespaceOf(options, client));

/**
 * Asks everything at once.
 * @param namespace asked about alone, since a tenant may not ask about more
 * @throws StatusError Forbidden when a user may not see the whole
 */
export async function factsOf(client: Client, namespace?: string): Promise<ClusterFacts> {
  let problem: string | undefined;
  const list = async <T>(resource: string): Promise<readonly T[] | undefined> => {
    try {
      return (await client.list<T>(resource, { namespace })).items;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.reason === 'Forbidden') throw refused(client, namespace);
      problem ??= error.message;
      return undefined;
    }
  };
  const { controlPlane } = await import('../boot/roster.ts'); // which loads every actor
  const [actors, alarms, nodes, pods, deployments] = await Promise.all([
    namespace === undefined ? ping(client, controlPlane) : undefined,
    namespace === undefined ? alarmsOf(client) : undefined,
    namespace === undefined ? list<Node>('nodes') : undefined,
    list<Pod>('pods'),
    list<Deployment>('deployments'),
  ]);
  const info = client.connection.info;
  const { caller, prefix, url } = client;
  const natsVersion = info?.version ?? 'unknown';
  const disk = await fullDisk(url);
  const found = { actors, alarms, nodes, pods, deployments, problem, disk };
  return { url, caller, prefix, natsVersion, controlPlane, namespace, ...found };
}

/** Of the nats-server that `troupe up` runs here, if that is the one that was asked. */
async function fullDisk(url: string): Promise<string | undefined> {
  const [{ readCluster }, { diskOf }, { homePaths, troupeHome }, { runningUp }, { inMib, isFull, roomBytes }] =
    await Promise.all([
      import('../boot/cluster.ts'),
      import('../boot/disk-watch.ts'),
      import('../boot/home.ts'),
      import('../boot/lock.ts'),
      import('../boot/plan-disk.ts'),
    ]);
  const paths = homePaths(troupeHome());
  if (runningUp(paths) === undefined || readCluster(paths)?.url !== url) return undefined;
  const disk = diskOf(paths.natsStore);
  if (disk === undefined || !isFull(disk)) return undefined;
  return `the disk is full (${inMib(disk.freeBytes)} free in ${paths.natsStore}); make room: nothing is certain to be stored until there is ${inMib(roomBytes(disk))}`;
}

const refused = ({ caller }: Client, namespace: string | undefined): StatusError =>
  statusError(
    'Forbidden',
    namespace === undefined
      ? `${caller} may not see the whole cluster; name a namespace of yours with -n, or be another user`
      : `${caller} may not see namespace "${namespace}"; name one of yours with -n, or be another user`,
  );

/** A busy actor may miss the first. */
const PINGS_MOST = 2;

/** Hears which actors answer; asks again while some that are wanted do not. */
async function ping(client: Client, wanted: readonly string[]): Promise<readonly Ping[]> {
  const found = new Map<string, Ping>();
  for (let asked = 0; asked < PINGS_MOST; asked++) {
    for (const one of await pingOnce(client)) found.set(one.id, one);
    const names = new Set([...found.values()].map(({ name }) => name));
    if (wanted.every((name) => names.has(name))) break;
  }
  return [...found.values()];
}

const pingOnce = async (client: Client): Promise<readonly Ping[]> =>
  (await askServices<Answer>(client, '$SRV.PING')).map(({ name, id }) => ({ name, id }));

/** What the stores of the masters say that is wrong with them. */
async function alarmsOf(client: Client): Promise<readonly StoreAlarm[]> {
  for (let asked = 0; asked < PINGS_MOST; asked++) {
    const stores = await askServices<StatsAnswer>(client, '$SRV.STATS.store');
    if (stores.length === 0) continue;
    return stores.flatMap(({ endpoints, metadata: { instance = '' } = {} }) => {
      const alarm = endpoints?.[0]?.data?.account?.alarm; // each endpoint shows the whole account
      return alarm === undefined ? [] : [{ instance, alarm }];
    });
  }
  return [];
}

/** Those of this cluster: several may share an account. */
async function askServices<A extends Answer>(client: Client, subject: string): Promise<readonly A[]> {
  const found: A[] = [];
  try {
    const answers = await client.connection.requestMany(subject, '', {
      strategy: 'stall',
      stall: LISTEN_MS,
      maxWait: 1_000,
    });
    for await (const message of answers) {
      if (message.data.length === 0) continue;
      const answer = JSON.parse(message.string()) as A;
      if (answer.metadata?.prefix === client.prefix) found.push(answer);
    }
  } catch {
    // nobody answers, or a tenant may not ask
  }
  return found;
}

interface Answer extends Ping {
  readonly metadata?: { readonly prefix?: string; readonly instance?: string };
}

interface StatsAnswer extends Answer {
  readonly endpoints?: readonly { readonly data?: ActorStats }[];
}
