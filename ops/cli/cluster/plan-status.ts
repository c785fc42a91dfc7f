import type { Deployment, Node, Pod } from '../../../contracts/kinds/kinds.ts';
import { conditionOf, isTrue } from '../../../contracts/kinds/meta/conditions.ts';
import { LEASE_TTL_MS } from '../../../contracts/store/limits.ts';

/** An actor that answered `$SRV.PING`. */
export interface Ping {
  readonly name: string;
  readonly id: string;
}

/** Why the store of a master does not do its work, and what to do about it. */
export interface StoreAlarm {
  /** Of the master. */
  readonly instance: string;
  readonly alarm: string;
}

/** What a worker says hinders it. */
export interface WorkerError {
  readonly instance: string;
  readonly lastError: string;
}

/** What was found out about a cluster; `undefined` is what could not be asked. */
export interface ClusterFacts {
  readonly url: string;
  readonly caller: string;
  readonly prefix: string;
  readonly natsVersion: string;
  /** Names of the actors that a control plane needs. */
  readonly controlPlane: readonly string[];
  /** Asked about alone, as a tenant may. */
  readonly namespace?: string | undefined;
  /** Absent where one namespace alone was asked about: the rest is not for everybody. */
  readonly actors?: readonly Ping[] | undefined;
  readonly alarms?: readonly StoreAlarm[] | undefined;
  readonly nodes?: readonly Node[] | undefined;
  /** Names of nodes that the store calls ready and for which no worker answers. */
  readonly silent?: readonly string[] | undefined;
  /** Where no node has joined: of the workers that answer. Else of those whose nodes are not ready. */
  readonly hindered?: readonly WorkerError[] | undefined;
  readonly pods?: readonly Pod[] | undefined;
  readonly deployments?: readonly Deployment[] | undefined;
  /** Why the api-server could not be asked. */
  readonly problem?: string | undefined;
  /** The disk of this machine's nats-server is full. */
  readonly disk?: string | undefined;
}

/** The same for programs: `troupe status -o json`. */
export interface ClusterStatus {
  readonly nats: { readonly url: string; readonly version: string; readonly user: string; readonly prefix: string };
  /** Asked about alone; actors and nodes are unknown then. */
  readonly namespace?: string;
  /** Actor -> how many instances answer; an instance that stands by does not. */
  readonly actors?: Readonly<Record<string, number>>;
  readonly nodes?: { readonly total: number; readonly ready: number; readonly notReady: readonly string[] };
  /** Phase -> how many pods. */
  readonly pods: Readonly<Record<string, number>>;
  /** How many of the phase Running are not ready: a container that is gone, or started anew, leaves the phase as it is. */
  readonly runningNotReady: number;
  readonly deployments: Readonly<Record<string, { readonly wanted: number; readonly ready: number }>>;
  readonly healthy: boolean;
  readonly problems: readonly string[];
}

/** A whole cluster's nodes may be started at once. */
const SILENT_SHOWN = 5;

/** Each has a line of its own, and most say the same. */
const HINDERED_SHOWN = 3;

/** Sums facts up. Pure. */
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

/** Names of the nodes that the store does not call ready. Pure. */
export const notReadyOf = (nodes: readonly Node[]): readonly string[] =>
  namesOf(nodes.filter((node) => !isReady(node)));

/** Names of the nodes that the store calls ready. Pure. */
export const readyOf = (nodes: readonly Node[]): readonly string[] => namesOf(nodes.filter(isReady));

/** What others follow from comes first. */
function problemsOf(facts: ClusterFacts): readonly string[] {
  const { disk, alarms = [], problem, actors, controlPlane, nodes, silent = [], hindered = [], namespace } = facts;
  const told = alarms.some(({ alarm }) => alarm === problem);
  const problems = [disk, ...alarmed(alarms), told ? undefined : problem].filter((one) => one !== undefined);
  if (namespace !== undefined) return problems;
  const missing = controlPlane.filter((name) => actors?.every((one) => one.name !== name) ?? true);
  if (missing.length > 0) {
    const remedy =
      alarms.length > 0
        ? 'mend the store first: without it nobody can take a lead'
        : `a master that was just started, or stands by, needs up to ${LEASE_TTL_MS / 1000} s, one of another version may have none, else see its log ("troupe master" runs one)`;
    problems.push(`${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'} not answer; ${remedy}`);
  }
  for (const one of nodes ?? []) if (!isReady(one)) problems.push(describeNotReady(one, hindered));
  if (silent.length > 0) problems.push(describeSilentNodes(silent));
  if (problem === undefined && (nodes ?? []).length === 0) problems.push(...describeNoNode(hindered));
  return problems;
}

/** Of a node that is unknown nobody has said why: there its worker is missing. Pure. */
export function describeNotReady({ metadata, status }: Node, hindered: readonly WorkerError[]): string {
  const ready = conditionOf(status, 'Ready');
  const name = metadata?.name ?? '';
  const told = ready?.status === 'False' ? ready.message : undefined;
  const { lastError: word } = hindered.find(({ instance }) => instance === name) ?? {};
  const isNew = word !== undefined && !(told !== undefined && saysTheSame(told, word));
  if (told === undefined && !isNew)
    return `node ${name} is not ready; start its worker with "troupe worker" or look at its log`;
  return `node ${name} is not ready${told === undefined ? '' : `: ${told}`}${isNew ? `; its worker says: ${word}` : ''}`;
}

/** Less what the worker was at, and what it asked its engine then. */
function saysTheSame(told: string, word: string): boolean {
  const parts = word.split(': ');
  return [0, 1, 2].some((from) => from < parts.length && told.includes(parts.slice(from).join(': ')));
}

/** Of a cluster without a node. Pure. */
export function describeNoNode(hindered: readonly WorkerError[]): readonly string[] {
  if (hindered.length === 0) {
    return [
      'no node has joined; a worker that was just started needs a moment, else see its log ("troupe worker" runs one)',
    ];
  }
  const shown = hindered.slice(0, HINDERED_SHOWN);
  return shown.map(({ instance, lastError }) => `no node has joined; the worker of ${instance} says: ${lastError}`);
}

/** Before a worker was stopped, its pods may have been ready: so they stay in the store until it tells of them anew, or is missed. */
function describeSilentNodes(silent: readonly string[]): string {
  const shown = silent.slice(0, SILENT_SHOWN).join(', ');
  const more = silent.length > SILENT_SHOWN ? ` and ${silent.length - SILENT_SHOWN} more` : '';
  return `no worker answers for node${silent.length === 1 ? '' : 's'} ${shown}${more}: what is told of the pods there is what it said last; one that was just started needs a moment, else see its log ("troupe worker" runs one)`;
}

/** Masters that say the same are told of together. */
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

/** As people read it: a heading and its account, line by line. Pure. */
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
    const less = phase === 'Running' && runningNotReady > 0 ? ` (${runningNotReady} not ready)` : '';
    return `${count} ${phase}${less}`;
  });
  return parts.length === 0 ? 'none' : parts.join(', ');
}
