import type { Deployment, Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, isTrue } from '../../../contracts/kinds/meta/conditions.ts';
import { LEASE_TTL_MS } from '../../../contracts/store/limits.ts';

/** An actor that answered `$SRV.PING`. */
export interface Ping {
  readonly name: string;
  readonly id: string;
}

/** Why a master's store does not work, and how to correct it. */
export interface StoreAlarm {
  /** Instance of the master. */
  readonly instance: string;
  readonly alarm: string;
}

/** The last error that a worker reports. */
export interface WorkerError {
  readonly instance: string;
  readonly lastError: string;
}

/** What is known about a cluster; `undefined` for what could not be queried. */
export interface ClusterFacts {
  readonly url: string;
  readonly caller: string;
  readonly prefix: string;
  readonly natsVersion: string;
  /** Names of the actors that a control plane needs. */
  readonly controlPlane: readonly string[];
  /** The only namespace that was queried, as for a tenant. */
  readonly namespace?: string | undefined;
  /** Absent when one namespace alone was queried. */
  readonly actors?: readonly Ping[] | undefined;
  readonly alarms?: readonly StoreAlarm[] | undefined;
  readonly nodes?: readonly Node[] | undefined;
  /** Nodes that are ready in the store and whose worker does not answer. */
  readonly unanswered?: readonly string[] | undefined;
  /** Errors of the workers whose nodes are not ready; when no node has joined, of all workers that answer. */
  readonly workerErrors?: readonly WorkerError[] | undefined;
  readonly pods?: readonly Pod[] | undefined;
  readonly deployments?: readonly Deployment[] | undefined;
  /** Why the api-server could not be queried. */
  readonly problem?: string | undefined;
  /** The disk of this machine's nats-server is full. */
  readonly disk?: string | undefined;
}

/** The status for programs: `troupe status -o json`. */
export interface ClusterStatus {
  readonly nats: { readonly url: string; readonly version: string; readonly user: string; readonly prefix: string };
  /** The only namespace that was queried; actors and nodes are unknown then. */
  readonly namespace?: string;
  /** Actor -> how many instances answer; standby instances do not. */
  readonly actors?: Readonly<Record<string, number>>;
  readonly nodes?: { readonly total: number; readonly ready: number; readonly notReady: readonly string[] };
  /** Phase -> how many pods. */
  readonly pods: Readonly<Record<string, number>>;
  /** How many Running pods are not ready: a pod stays in this phase while its container is gone or restarting. */
  readonly runningNotReady: number;
  readonly deployments: Readonly<Record<string, { readonly wanted: number; readonly ready: number }>>;
  readonly healthy: boolean;
  readonly problems: readonly string[];
}

/** Most nodes that are named: a whole cluster's may be starting at once. */
const UNANSWERED_SHOWN = 5;

/** Most worker errors that are shown, one line each: most are the same. */
const ERRORS_SHOWN = 3;

/** Summarises the facts. Pure. */
export function planStatus(facts: ClusterFacts): ClusterStatus {
  const { namespace, pods = [], deployments = [] } = facts;
  const problems = problemsOf(facts);
  return {
    nats: { url: facts.url, version: facts.natsVersion, user: facts.caller, prefix: facts.prefix },
    ...(namespace === undefined ? clusterWide(facts) : { namespace }),
    pods: countBy(pods, phaseOf),
    runningNotReady: pods.filter((pod) => phaseOf(pod) === 'Running' && !isTrue(pod.status, 'Ready')).length,
    deployments: Object.fromEntries(deployments.map((one) => [nameOf(one), readiness(one)])),
    healthy: problems.length === 0,
    problems,
  };
}

function clusterWide({ actors = [], nodes = [] }: ClusterFacts): Required<Pick<ClusterStatus, 'actors' | 'nodes'>> {
  const notReady = notReadyOf(nodes);
  return {
    actors: countBy(actors, ({ name }) => name),
    nodes: { total: nodes.length, ready: nodes.length - notReady.length, notReady },
  };
}

const namesOf = (nodes: readonly Node[]): readonly string[] => nodes.map(({ metadata }) => metadata?.name ?? '');

/** Names of the nodes that are not ready in the store. Pure. */
export const notReadyOf = (nodes: readonly Node[]): readonly string[] =>
  namesOf(nodes.filter((node) => !isReady(node)));

/** Names of the nodes that are ready in the store. Pure. */
export const readyOf = (nodes: readonly Node[]): readonly string[] => namesOf(nodes.filter(isReady));

/** Problems that cause others come first. */
function problemsOf(facts: ClusterFacts): readonly string[] {
  const {
    disk,
    alarms = [],
    problem,
    actors,
    controlPlane,
    nodes,
    unanswered = [],
    workerErrors = [],
    namespace,
  } = facts;
  const isReported = alarms.some(({ alarm }) => alarm === problem);
  const problems = [disk, ...alarmed(alarms), isReported ? undefined : problem].filter((one) => one !== undefined);
  if (namespace !== undefined) return problems;
  const missing = controlPlane.filter((name) => actors?.every((one) => one.name !== name) ?? true);
  if (missing.length > 0) {
    const remedy =
      alarms.length > 0
        ? 'correct the store first: without it no instance can become the leader'
        : `wait up to ${LEASE_TTL_MS / 1000} s for a master that was just started or takes over; a master of another version may lack them; else see its log, or start one with "troupe master"`;
    problems.push(`${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'} not answer; ${remedy}`);
  }
  for (const one of nodes ?? []) if (!isReady(one)) problems.push(describeNotReady(one, workerErrors));
  if (unanswered.length > 0) problems.push(describeUnanswered(unanswered));
  if (problem === undefined && (nodes ?? []).length === 0) problems.push(...describeNoNode(workerErrors));
  return problems;
}

/** Why a node is not ready. A node whose Ready is Unknown has no message: its worker is missing. Pure. */
export function describeNotReady({ metadata, status }: Node, workerErrors: readonly WorkerError[]): string {
  const ready = conditionOf(status, 'Ready');
  const name = metadata?.name ?? '';
  const message = ready?.status === 'False' ? ready.message : undefined;
  const { lastError } = workerErrors.find(({ instance }) => instance === name) ?? {};
  const isNew = lastError !== undefined && !(message !== undefined && isSame(message, lastError));
  if (message === undefined && !isNew)
    return `node ${name} is not ready; start its worker with "troupe worker", or see its log`;
  return `node ${name} is not ready${message === undefined ? '' : `: ${message}`}${isNew ? `; its worker reports: ${lastError}` : ''}`;
}

/** Does the message hold the worker's error, with or without its first two parts (the operation and the request to the engine)? */
function isSame(message: string, lastError: string): boolean {
  const parts = lastError.split(': ');
  return [0, 1, 2].some((from) => from < parts.length && message.includes(parts.slice(from).join(': ')));
}

/** Why a cluster has no node. Pure. */
export function describeNoNode(workerErrors: readonly WorkerError[]): readonly string[] {
  if (workerErrors.length === 0) {
    return [
      'no node has joined; wait a moment for a worker that was just started, else see its log, or start one with "troupe worker"',
    ];
  }
  const shown = workerErrors.slice(0, ERRORS_SHOWN);
  return shown.map(({ instance, lastError }) => `no node has joined; the worker of ${instance} reports: ${lastError}`);
}

/** Pods of a stopped worker stay ready in the store until it reports them again, or its node is found to be lost. */
function describeUnanswered(unanswered: readonly string[]): string {
  const shown = unanswered.slice(0, UNANSWERED_SHOWN).join(', ');
  const more = unanswered.length > UNANSWERED_SHOWN ? ` and ${unanswered.length - UNANSWERED_SHOWN} more` : '';
  return `no worker answers for node${unanswered.length === 1 ? '' : 's'} ${shown}${more}: the status of the pods there may be outdated; wait a moment for a worker that was just started, else see its log, or start one with "troupe worker"`;
}

/** Masters with the same alarm share a line. */
function alarmed(alarms: readonly StoreAlarm[]): readonly string[] {
  const instances = new Map<string, string[]>();
  for (const { instance, alarm } of alarms) instances.set(alarm, [...(instances.get(alarm) ?? []), instance]);
  return [...instances].map(([alarm, saying]) => `store on ${saying.toSorted().join(', ')}: ${alarm}`);
}

export const isReady = ({ status }: Node): boolean => isTrue(status, 'Ready');

const phaseOf = (pod: Pod): string =>
  pod.metadata?.deletionTimestamp === undefined ? (pod.status?.phase ?? 'Unknown') : 'Terminating';

const nameOf = ({ metadata }: Deployment): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;

const readiness = ({ spec, status }: Deployment): { wanted: number; ready: number } => ({
  wanted: spec?.replicas ?? 1,
  ready: status?.readyReplicas ?? 0,
});

function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The rows of the status table: heading and text. Pure. */
export function statusRows(status: ClusterStatus): readonly (readonly [string, string])[] {
  const { nats, namespace, actors = {}, nodes, deployments } = status;
  const names = Object.entries(actors).map(([name, count]) => (count === 1 ? name : `${name} x${count}`));
  const ready = Object.values(deployments).filter((one) => one.ready >= one.wanted).length;
  const total = Object.keys(deployments).length;
  return [
    ['Cluster', `${nats.url} (nats-server ${nats.version}), prefix ${nats.prefix}, as ${nats.user}`],
    ...(namespace === undefined ? [] : [['Namespace', namespace] as const]),
    ...(nodes === undefined
      ? []
      : ([
          ['Actors', names.length === 0 ? 'none answers' : names.join(', ')],
          ['Nodes', nodes.total === 0 ? 'none' : `${nodes.ready} of ${nodes.total} ready`],
        ] as const)),
    ['Deployments', total === 0 ? 'none' : `${ready} of ${total} ready`],
    ['Pods', summary(status)],
  ];
}

function summary({ pods, runningNotReady }: ClusterStatus): string {
  const parts = Object.entries(pods).map(([phase, count]) => {
    const unready = phase === 'Running' && runningNotReady > 0 ? ` (${runningNotReady} not ready)` : '';
    return `${count} ${phase}${unready}`;
  });
  return parts.length === 0 ? 'none' : parts.join(', ');
}
