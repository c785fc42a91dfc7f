import { humanDuration } from '../../time/duration.ts';
import { parseRfc3339 } from '../../time/rfc3339.ts';
import type { Column } from '../kind.ts';
import type { ContainerState, ContainerStatus, Pod } from '../kinds.ts';
import { AGE, column, NAME, orNone, wide } from '../meta/columns.ts';
import { conditionOf, isTrue } from '../meta/conditions.ts';

/** The values of kubectl's columns STATUS, READY and RESTARTS. */
export interface PodSummary {
  readonly status: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** Milliseconds since the Unix epoch of the last restart; NaN = none. */
  readonly lastRestart: number;
}

const ended = ({ terminated }: ContainerState): string =>
  terminated?.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated?.exitCode ?? 0}`;

const sidecars = (pod: Pod): ReadonlySet<string> =>
  new Set((pod.spec?.initContainers ?? []).filter((one) => one.restartPolicy === 'Always').map((one) => one.name));

/** Progress of the init containers; `undefined` = all have finished. */
function initStatus(pod: Pod, restartable: ReadonlySet<string>): string | undefined {
  const all = pod.status?.initContainerStatuses ?? [];
  for (const [index, { name, state = {}, started }] of all.entries()) {
    if (state.terminated?.exitCode === 0) continue;
    if (restartable.has(name) && started === true) continue;
    if (state.terminated !== undefined) return `Init:${state.terminated.reason || ended(state)}`;
    const waiting = state.waiting?.reason ?? '';
    if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`;
    return `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
  }
  return undefined;
}

/** The reason of the last container that has one: kubectl reads them from the end. */
function containersStatus(pod: Pod, reason: string): string {
  let status = reason;
  let running = false;
  for (const { state = {}, ready } of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    if (state.waiting?.reason) status = state.waiting.reason;
    else if (state.terminated !== undefined) status = state.terminated.reason || ended(state);
    else if (ready && state.running !== undefined) running = true;
  }
  if (status !== 'Completed' || !running) return status;
  return isTrue(pod.status, 'Ready') ? 'Running' : 'NotReady';
}

function phaseOf(pod: Pod): string {
  const gated = conditionOf(pod.status, 'PodScheduled')?.reason === 'SchedulingGated';
  return gated ? 'SchedulingGated' : pod.status?.reason || pod.status?.phase || 'Unknown';
}

function statusOf(pod: Pod, init: string | undefined): string {
  const deleted = pod.metadata?.deletionTimestamp !== undefined;
  if (deleted && pod.status?.reason === 'NodeLost') return 'Unknown';
  if (deleted && !['Failed', 'Succeeded'].includes(pod.status?.phase ?? '')) return 'Terminating';
  const reason = init ?? phaseOf(pod);
  return init === undefined || isTrue(pod.status, 'Initialized') ? containersStatus(pod, reason) : reason;
}

const lastEnd = ({ lastState }: ContainerStatus): number => parseRfc3339(lastState?.terminated?.finishedAt);

/** Summarises a pod as `kubectl get pods` does. */
export function summarizePod(pod: Pod): PodSummary {
  const restartable = sidecars(pod);
  const init = initStatus(pod, restartable);
  const inits = pod.status?.initContainerStatuses ?? [];
  const beside = init === undefined ? inits.filter(({ name }) => restartable.has(name)) : inits;
  const containers =
    init === undefined || isTrue(pod.status, 'Initialized') ? (pod.status?.containerStatuses ?? []) : [];
  const counted = [...beside, ...containers];
  const isReady = ({ name, ready, state, started }: ContainerStatus): boolean =>
    ready && (restartable.has(name) ? started === true : state?.running !== undefined);
  return {
    status: statusOf(pod, init),
    ready: counted.filter(isReady).length,
    total: (pod.spec?.containers.length ?? 0) + restartable.size,
    restarts: counted.reduce((sum, { restartCount }) => sum + restartCount, 0),
    lastRestart: counted.map(lastEnd).reduce((a, b) => (a >= b || Number.isNaN(b) ? a : b), Number.NaN),
  };
}

function restartsText(pod: Pod, nowMillis: number): string {
  const { restarts, lastRestart } = summarizePod(pod);
  if (restarts === 0 || Number.isNaN(lastRestart)) return String(restarts);
  return `${restarts} (${humanDuration(nowMillis - lastRestart)} ago)`;
}

function gatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  return `${gates.filter((gate) => isTrue(pod.status, gate.conditionType)).length}/${gates.length}`;
}

export const POD_COLUMNS: readonly Column<Pod>[] = [
  NAME,
  column('READY', (pod) => {
    const { ready, total } = summarizePod(pod);
    return `${ready}/${total}`;
  }),
  column('STATUS', (pod) => summarizePod(pod).status),
  column('RESTARTS', restartsText),
  AGE,
  wide('IP', (pod) => orNone(pod.status?.podIP)),
  wide('NODE', (pod) => orNone(pod.spec?.nodeName)),
  wide('NOMINATED NODE', (pod) => orNone(pod.status?.nominatedNodeName)),
  wide('READINESS GATES', gatesText),
];
