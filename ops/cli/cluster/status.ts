import { randomUUID } from 'node:crypto';
import type { Msg } from 'nats';
import type { ActorStats } from '../../../actors/kernel/live/actor-stats.ts';
import { guarded } from '../../../actors/kernel/nats/nats-guarded-callback.ts';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import type { Deployment, Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { printable } from '../../../contracts/printable.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Client } from '../../client/client.ts';
import { pause } from '../../client/pause.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { toJson, toYaml } from '../shared/print.ts';
import { FAILURE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import {
  type ClusterFacts,
  notReadyOf,
  type Ping,
  planStatus,
  readyOf,
  statusRows,
  type WorkerError,
} from './plan-status.ts';

export interface StatusOptions extends ClusterOptions {
  readonly output?: string;
}

/** How long to wait for further answers of actors: they come within milliseconds, and their number is not known. */
const LISTEN_MS = 250;
/** How long to wait for the first answer, or for the answer of a single actor. */
const ANSWER_MS = 1_000;
/** Most actors that are queried at once: a request must not time out while it waits in the queue. */
const ASKED_AT_ONCE = 50;

/** Longest accepted name of an actor or instance, and longest accepted text. */
const NAME_MAX = 253;
const TEXT_MAX = 1024;

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
    for (const [heading, text] of statusRows(found))
      terminal.out(`${paint('bold', heading.padEnd(11))}   ${printable(text)}\n`);
    for (const problem of found.problems)
      terminal.out(`${paint('red', 'Problem'.padEnd(11))}   ${printable(problem)}\n`);
  }
  if (!found.healthy) throw new Exit(FAILURE);
}

/** The only namespace to query: of -n, else the tenant's default; `undefined` for the whole cluster. */
const scopeOf = (options: StatusOptions, client: Client): string | undefined =>
  options.namespace ?? (client.namespace === undefined ? undefined : namespaceOf(options, client));

/**
 * Queries everything concurrently.
 * @param namespace the only one to query; a tenant may not query more
 * @throws StatusError Forbidden when the user may not see the whole cluster
 */
export async function factsOf(client: Client, namespace?: string): Promise<ClusterFacts> {
  let problem: string | undefined;
  const list = async <T>(resource: string): Promise<readonly T[] | undefined> => {
    try {
      return (await client.list<T>(resource, { namespace })).items;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.reason === 'Forbidden') throw refused(client, namespace);
      problem ??= printable(error.message, TEXT_MAX);
      return undefined;
    }
  };
  const { controlPlane } = await import('../../boot/roles/hosted-actors.ts'); // which loads every actor
  const listing = namespace === undefined ? list<Node>('nodes') : undefined;
  const pinged = namespace === undefined ? ping(client, controlPlane) : undefined;
  const [actors, nodes, unanswered, workerErrors, pods, deployments] = await Promise.all([
    pinged,
    listing,
    listing?.then((nodes = []) => unansweredAmong(client, readyOf(nodes))),
    listing?.then(async (nodes = []) =>
      workerErrorsOf(client, nodes.length === 0 ? kubeletsAmong((await pinged) ?? []) : notReadyOf(nodes)),
    ),
    list<Pod>('pods'),
    list<Deployment>('deployments'),
  ]);
  const info = client.connection.info;
  const { caller, prefix, url } = client;
  const natsVersion = info?.version ?? 'unknown';
  const disk = await fullDisk(url);
  const alarms = actors?.flatMap(({ instance, alarm }) => (alarm === undefined ? [] : [{ instance, alarm }]));
  const found = { actors, alarms, nodes, unanswered, workerErrors, pods, deployments, problem, disk };
  return { url, caller, prefix, natsVersion, controlPlane, namespace, ...found };
}

/** The problem of a full disk, if the queried nats-server is the one that `troupe up` runs on this machine. */
async function fullDisk(url: string): Promise<string | undefined> {
  const [{ readCluster }, { diskOf }, { homePaths, troupeHome }, { runningUp }, { inMib, isFull, roomBytes }] =
    await Promise.all([
      import('../../boot/home/cluster.ts'),
      import('../../boot/supervision/disk-watch.ts'),
      import('../../boot/home/home.ts'),
      import('../../boot/home/home-lock.ts'),
      import('../../boot/supervision/plan-disk.ts'),
    ]);
  const paths = homePaths(troupeHome());
  if (runningUp(paths) === undefined || readCluster(paths)?.url !== url) return undefined;
  const disk = diskOf(paths.natsStore);
  if (disk === undefined || !isFull(disk)) return undefined;
  return `the disk is full (${inMib(disk.freeBytes)} free in ${paths.natsStore}); free some space: writes may fail until ${inMib(roomBytes(disk))} are free`;
}

const refused = ({ caller }: Client, namespace: string | undefined): StatusError =>
  statusError(
    'Forbidden',
    namespace === undefined
      ? `${caller} may not see the whole cluster; name one of your namespaces with -n, or use another user`
      : `${caller} may not see namespace "${namespace}"; name one of your namespaces with -n, or use another user`,
  );

const KUBELET = 'kubelet';
/** Nodes that are queried at once: each that has just lost its power costs the whole timeout. */
const NODES_AT_ONCE = 500;

/** A busy actor may miss the first ping. */
const PINGS_MOST = 2;

/**
 * The actors that answer a ping; it is repeated while some of `wanted` do not. Of `wanted`, only those count that also answer on
 * their own subject, to which no other user may subscribe.
 */
async function ping(client: Client, wanted: readonly string[]): Promise<readonly Answering[]> {
  const found = new Map<string, Answering>();
  for (let asked = 0; asked < PINGS_MOST; asked++) {
    const heard = await pingOnce(client).catch(() => []); // a closed connection: the requests to the api-server report it
    const located = heard.filter((one) => !found.has(keyOf(one)));
    const answering = await inTurns(located, ASKED_AT_ONCE, async (one) =>
      wanted.includes(one.name) ? ask(client, one) : one,
    );
    for (const one of answering) if (one !== undefined) found.set(keyOf(one), one);
    const names = new Set([...found.values()].map(({ name }) => name));
    if (wanted.every((name) => names.has(name))) break;
  }
  return [...found.values()];
}

/** @returns the nodes whose kubelet does not answer */
async function unansweredAmong(client: Client, names: readonly string[]): Promise<readonly string[]> {
  const answering = await inTurns(names, NODES_AT_ONCE, (name) => ask(client, { name: KUBELET, instance: name }));
  return names.filter((_name, at) => answering[at] === undefined);
}

const kubeletsAmong = (answering: readonly Located[]): readonly string[] =>
  answering.filter(({ name }) => name === KUBELET).map(({ instance }) => instance);

/** @returns the last errors of the kubelets of these nodes, as far as they answer */
export async function workerErrorsOf(client: Client, nodes: readonly string[]): Promise<readonly WorkerError[]> {
  const answers = await inTurns(nodes, NODES_AT_ONCE, (instance) => ask(client, { name: KUBELET, instance }));
  return answers.flatMap((one) =>
    one?.lastError === undefined ? [] : [{ instance: one.instance, lastError: one.lastError }],
  );
}

async function inTurns<T, R>(of: readonly T[], atOnce: number, act: (one: T) => Promise<R>): Promise<readonly R[]> {
  const done: R[] = [];
  for (let at = 0; at < of.length; at += atOnce) done.push(...(await Promise.all(of.slice(at, at + atOnce).map(act))));
  return done;
}

const keyOf = ({ name, instance }: Located): string => JSON.stringify([name, instance]);

/**
 * The actors of this cluster that answer one ping; several clusters may share a NATS account. Every node receives the ping and may
 * answer anything, so an answer is used only to know whom to query.
 * @throws Error when the connection is closed
 */
async function pingOnce(client: Client): Promise<readonly Located[]> {
  const found = new Map<string, Located>();
  const { connection, inboxPrefix, prefix } = client;
  const inbox = `${inboxPrefix}.${randomUUID()}`;
  let until = performance.now() + ANSWER_MS;
  const most = until;
  const subscription = connection.subscribe(inbox, {
    callback: guarded(
      (_error, message) => {
        until = Math.min(most, performance.now() + LISTEN_MS);
        const one = locatedIn(message, prefix);
        if (one !== undefined) found.set(keyOf(one), one);
      },
      () => undefined, // unreadable answers are ignored
    ),
  });
  try {
    connection.publish('$SRV.PING', '', { reply: inbox });
    for (let left = ANSWER_MS; left > 0; left = until - performance.now()) await pause(Math.min(left, LISTEN_MS));
  } finally {
    subscription.unsubscribe();
  }
  return [...found.values()];
}

/** @throws Error when it is not JSON */
function locatedIn(message: Msg, prefix: string): Located | undefined {
  if (message.data.length === 0) return undefined;
  const { name, id, metadata } = message.json<
    Partial<Record<keyof Ping, unknown>> & { readonly metadata?: Metadata }
  >();
  if (typeof name !== 'string' || typeof id !== 'string' || metadata?.prefix !== prefix) return undefined;
  const { instance } = metadata;
  if (typeof instance !== 'string' || name.length > NAME_MAX || instance.length > NAME_MAX) return undefined;
  return { name, id, instance };
}

interface Metadata {
  readonly prefix?: unknown;
  readonly instance?: unknown;
}

interface Located extends Ping {
  readonly instance: string;
}

type Asked = Pick<Located, 'name' | 'instance'>;

interface Alarmed {
  /** Alarm of a store. */
  readonly alarm?: string;
  readonly lastError?: string;
}

type Answering = Located & Alarmed;

/**
 * Queries the account of an actor. Users follow the remedies in the answers of the control plane, so the request goes to a subject
 * to which only a process with such an actor may subscribe, and the reply subject is random.
 */
async function ask<T extends Asked>(client: Client, located: T): Promise<(T & Alarmed) | undefined> {
  const { connection, inboxPrefix, prefix } = client;
  const subject = SUBJECTS.actor.subject(prefix, { actor: located.name, instance: located.instance });
  const reply = `${inboxPrefix}.${randomUUID()}`;
  try {
    const answer = await connection.request(subject, '', { timeout: ANSWER_MS, noMux: true, reply });
    const { account, lastError } = answer.json<Partial<ActorStats>>();
    return {
      ...located,
      ...(account?.alarm === undefined ? {} : { alarm: printable(account.alarm, TEXT_MAX) }),
      ...(lastError === undefined ? {} : { lastError: printable(lastError, TEXT_MAX) }),
    };
  } catch {
    return undefined; // it does not run, or is too busy to answer
  }
}
