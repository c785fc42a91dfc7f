import type { Container, Pod, PodStatus } from '../../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import { GRACE_MS_MAX } from '../../../contracts/runtime/ops.ts';
import type { ContainerStatus, SandboxStatus } from '../../../contracts/runtime/status.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import { type Ending, podStatus, type Waits } from '../status/pod-status.ts';
import { sandboxConfig } from './container-config.ts';
import { attemptsOf, knownStatus } from './container-history.ts';
import { type ContainerContext, type Decision, planContainer, stopVerb } from './plan-container.ts';
import type { PodInput, PodNote, PodPlan, PodState, PodVerb, PresentPod } from './pod-types.ts';

/**
 * Decides what moves one pod a step from what the runtime has of it towards what is wanted. Pure and total: no clock,
 * no randomness, no I/O. What it asks is idempotent and names attempts, so that an actor may crash after any prefix,
 * list again and plan again, and no (pod, container, attempt) is ever started twice.
 * @returns `verbs` empty = converged, or waiting for the runtime or for `wakeAt`
 */
export function planPodSync(input: PodInput): PodPlan {
  const { dispatched } = input;
  if (dispatched === undefined) return planGone(input);
  const present: PresentPod = { ...input, dispatched };
  const { pod } = dispatched;
  const state = { ...input.state, graceSeconds: graceOf(pod) };
  if (pod.metadata?.deletionTimestamp !== undefined) return planDeletion(present, state);
  const over = alreadyOver(present);
  if (over !== undefined) return planOver(present, state, over);
  return planRunning(present, state);
}

/** A pod that left the store while it ran was forced out of it: nobody waits, so what runs gets no more than this. */
const GONE_GRACE_SECONDS = 2;

/** Seconds that the pod's containers have to stop. */
function graceOf(pod: Pod): number {
  const asked = pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
  return Math.min(asked, Math.floor(GRACE_MS_MAX / 1000));
}
/** Milliseconds that a stop may take now: it may get less while it is under way, never more. */
export const stopGraceMs = ({ dispatched, state }: Pick<PodInput, 'dispatched' | 'state'>): number =>
  1000 * (dispatched === undefined ? Math.min(state.graceSeconds, GONE_GRACE_SECONDS) : graceOf(dispatched.pod));
const isRunning = (container: ContainerStatus): boolean => container.state === 'running';

/** Stops everything that runs, all at once. */
const stopAll = (input: PodInput, graceSeconds: number): readonly PodVerb[] =>
  input.level.containers
    .filter(isRunning)
    .map((container) => stopVerb(container, graceSeconds * 1000, `Stopping container ${container.name}`));

const stopSandboxes = (input: PodInput): readonly PodVerb[] =>
  input.level.sandboxes
    .filter((sandbox) => sandbox.state === 'ready')
    .map((sandbox) => ({ op: 'stopPodSandbox', body: { sandboxId: sandbox.id } }));

/** Containers first, with their grace; then what holds the network. */
function wind(input: PodInput, graceSeconds: number): readonly PodVerb[] {
  const stops = stopAll(input, graceSeconds);
  return stops.length > 0 ? stops : stopSandboxes(input);
}

/** The pod left the store (or never was in it): nothing of it may stay. */
function planGone(input: PodInput): PodPlan {
  const { level, state } = input;
  const base = { state, notes: [], deletable: false };
  const stops = stopAll(input, stopGraceMs(input) / 1000);
  if (stops.length > 0) return { ...base, verbs: stops, forget: false };
  const held = new Set(level.sandboxes.map((sandbox) => sandbox.id));
  const verbs: PodVerb[] = level.sandboxes.map(({ id }) => ({ op: 'removePodSandbox', body: { sandboxId: id } }));
  for (const container of level.containers) {
    if (!held.has(container.sandboxId)) verbs.push({ op: 'removeContainer', body: { containerId: container.id } });
  }
  return { ...base, verbs, forget: verbs.length === 0 };
}

/** Nothing is started any more: nothing waits. */
const NO_MORE = { waits: new Map(), done: new Set<string>() } as const;

function planDeletion(input: PresentPod, state: PodState): PodPlan {
  const verbs = wind(input, state.graceSeconds);
  const stopped = verbs.length === 0;
  const ending: Ending | undefined = stopped ? { kind: 'deleted' } : undefined;
  return { verbs, state, status: podStatus(input, NO_MORE, ending), notes: [], deletable: stopped, forget: false };
}

/** The deadline passed, or the store says that the pod has ended: whoever wrote that, it never runs again. */
function alreadyOver(input: PresentPod): Ending | undefined {
  const stored = input.dispatched.pod.status ?? {};
  const { phase, reason, message } = hasEnded(stored.phase) ? stored : input.status;
  if (input.status.reason === 'DeadlineExceeded') return deadlineExceeded;
  if (hasEnded(phase)) {
    return {
      kind: 'over',
      phase,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
  }
  const deadline = deadlineOf(input);
  return deadline !== undefined && input.now >= deadline ? deadlineExceeded : undefined;
}
const deadlineExceeded = {
  kind: 'over',
  phase: 'Failed',
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
} as const satisfies Ending;
function deadlineOf({ dispatched, status, state }: PresentPod): number | undefined {
  const seconds = dispatched.pod.spec?.activeDeadlineSeconds;
  if (seconds === undefined) return undefined;
  return (parseRfc3339(status.startTime) || state.startedAt) + seconds * 1000;
}

function planOver(input: PresentPod, state: PodState, ending: Ending): PodPlan {
  const status = podStatus(input, NO_MORE, ending);
  const known = conditionOf(input.status, 'ContainersReady')?.reason === 'PodFailed';
  const notes: PodNote[] =
    ending === deadlineExceeded && !known
      ? [{ type: 'Normal', reason: 'DeadlineExceeded', message: deadlineExceeded.message }]
      : [];
  return { verbs: windDown(input, state), state, status, notes, deletable: false, forget: false };
}

/** What a pod that is to run needs next. */
function planRunning(input: PresentPod, state: PodState): PodPlan {
  const spec = input.dispatched.pod.spec;
  const sandbox = newestReady(input.level.sandboxes);
  const at: ContainerContext = { input, sandbox, graceMs: state.graceSeconds * 1000 };
  const books: Record<string, PodState['containers'][string]> = { ...state.containers };
  const waits = new Map<string, NonNullable<Decision['wait']>>();
  const done = new Set<string>();
  const until: number[] = [];
  const decide = (container: Container, init: boolean): Decision => {
    const decision = planContainer(at, container, init);
    if (decision.book !== undefined) books[container.name] = decision.book;
    if (decision.wait !== undefined) waits.set(container.name, decision.wait);
    if (decision.ended !== undefined) done.add(container.name);
    if (decision.until !== undefined) until.push(decision.until);
    return decision;
  };
  const regular = spec?.containers ?? [];
  const finish = (verbs: readonly PodVerb[], ending?: Ending): PodPlan => {
    const deadline = deadlineOf(input);
    if (deadline !== undefined) until.push(deadline);
    const wakeAt = until.length === 0 ? undefined : Math.min(...until);
    return {
      verbs,
      state: { ...state, containers: books },
      status: podStatus(input, { waits, done }, ending),
      notes: backOffNotes(input, waits),
      ...(wakeAt === undefined || verbs.length > 0 ? {} : { wakeAt }),
      deletable: false,
      forget: false,
    };
  };

  const initialized = isInitialized(input, sandbox);
  const inits = initialized ? sidecars(spec?.initContainers) : (spec?.initContainers ?? []);
  // Where every container has ended for good, no sandbox is needed.
  if (initialized || sandbox === undefined) {
    const found = regular.map((container) => planContainer(at, container, false));
    if (found.every((each) => each.ended !== undefined)) return finish(windDown(input, state), exits(found));
  }
  if (inits.some((container) => (planContainer(at, container, true).ended?.exitCode ?? 0) !== 0)) {
    return finish(windDown(input, state), { kind: 'over', phase: 'Failed' });
  }
  if (!initialized && inits.some((container) => isUndone(at, container))) return finish(windDown(input, state), undone);
  if (sandbox === undefined) return finish(needSandbox(input, state, until));

  for (const container of inits) {
    const found = decide(container, true);
    if (found.verb !== undefined) return finish([found.verb]);
    const passed = found.ended !== undefined || (found.runs === true && container.restartPolicy === 'Always');
    if (!passed && !initialized) return finish(oldDead(input));
  }
  const decisions = regular.map((container) => decide(container, false));
  // Also those that somebody took away, by which it was seen that the init containers are done with.
  if (decisions.every(({ ended }) => ended !== undefined)) return finish(windDown(input, state), exits(decisions));
  const verbs = decisions.flatMap(({ verb }) => (verb === undefined ? [] : [verb]));
  const stops = verbs.filter((verb) => verb.op === 'stopContainer');
  if (stops.length > 0) return finish(stops);
  return finish(verbs.length > 0 ? verbs.slice(0, 1) : oldDead(input));
}

/** What an init container did for a sandbox that is gone is gone with it, and Never repeats nothing. */
function isUndone(at: ContainerContext, container: Container): boolean {
  const { dispatched, level } = at.input;
  if (dispatched.pod.spec?.restartPolicy !== 'Never' || container.restartPolicy === 'Always') return false;
  if (planContainer(at, container, true).ended?.exitCode !== 0) return false;
  const found = attemptsOf(level, container.name)[0];
  return found === undefined ? at.sandbox === undefined : found.sandboxId !== at.sandbox?.id;
}
const undone = {
  kind: 'over',
  phase: 'Failed',
  reason: 'SandboxChanged',
  message: 'The sandbox for which init containers ran is gone, and with restartPolicy Never they do not run again',
} as const satisfies Ending;

const newestReady = (sandboxes: readonly SandboxStatus[]): SandboxStatus | undefined =>
  sandboxes.filter(({ state }) => state === 'ready').sort((a, b) => b.attempt - a.attempt)[0];

const sidecars = (containers: readonly Container[] | undefined): readonly Container[] =>
  (containers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');

/** A regular container in the present sandbox: the init containers are done with. */
function isInitialized(input: PresentPod, sandbox: SandboxStatus | undefined): boolean {
  const spec = input.dispatched.pod.spec;
  if ((spec?.initContainers ?? []).length === 0) return true;
  const names = new Set(spec?.containers.map(({ name }) => name));
  return input.level.containers.some(({ name, sandboxId }) => names.has(name) && sandboxId === sandbox?.id);
}

const exits = (found: readonly Decision[]): Ending => ({
  kind: 'over',
  phase: found.every(({ ended }) => ended?.exitCode === 0) ? 'Succeeded' : 'Failed',
});

/** Nothing will be started any more: what runs and the sandbox go, the dead stay for their logs. */
function windDown(input: PresentPod, state: PodState): readonly PodVerb[] {
  const verbs = wind(input, state.graceSeconds);
  return verbs.length > 0 ? verbs : oldDead(input);
}

function needSandbox(input: PresentPod, state: PodState, until: number[]): readonly PodVerb[] {
  const stranded = stopAll(input, state.graceSeconds); // their sandbox died under them
  if (stranded.length > 0) return stranded;
  const { failure, attempt } = state.sandbox;
  if (failure !== undefined && input.now < failure.until) {
    until.push(failure.until);
    return [];
  }
  const next = Math.max(attempt, ...input.level.sandboxes.map((sandbox) => sandbox.attempt)) + 1;
  return [{ op: 'runPodSandbox', body: sandboxConfig(input.dispatched.pod, next) }];
}

/** The last dead attempt of a container is kept for its logs; older ones, and dead sandboxes that hold nothing, go. */
function oldDead(input: PresentPod): readonly PodVerb[] {
  const verbs: PodVerb[] = [];
  const kept = new Set<string>();
  for (const name of new Set(input.level.containers.map((container) => container.name))) {
    const attempts = attemptsOf(input.level, name);
    const dead = attempts.filter(({ state }) => state === 'exited');
    for (const old of dead.slice(1)) verbs.push({ op: 'removeContainer', body: { containerId: old.id } });
    for (const each of attempts) if (!dead.slice(1).includes(each)) kept.add(each.sandboxId);
  }
  if (verbs.length > 0) return verbs;
  const newest = Math.max(...input.level.sandboxes.map(({ attempt }) => attempt));
  for (const { id, state, attempt } of input.level.sandboxes) {
    if (state === 'notReady' && attempt < newest && !kept.has(id))
      verbs.push({ op: 'removePodSandbox', body: { sandboxId: id } });
  }
  return verbs;
}

/** What is told when a container begins to wait for one of these reasons. */
function backOffNotes(input: PresentPod, waits: Waits): readonly PodNote[] {
  const notes: PodNote[] = [];
  for (const [container, { reason, message = '' }] of waits) {
    const before = knownStatus(input.status as PodStatus, container)?.state?.waiting;
    if (before?.reason === reason && (reason !== 'CreateContainerConfigError' || before.message === message)) continue;
    if (reason === 'CrashLoopBackOff') {
      const { name = '', namespace = '' } = input.dispatched.pod.metadata ?? {};
      const told = `Back-off restarting failed container ${container} in pod ${name}_${namespace}(${input.uid})`;
      notes.push({ type: 'Warning', reason: 'BackOff', message: told, container });
    } else if (reason === 'ImagePullBackOff') {
      const image = message.split(': ', 1)[0] ?? '';
      notes.push({ type: 'Normal', reason: 'BackOff', message: image, container });
      notes.push({ type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff', container });
    } else if (reason === 'CreateContainerConfigError') {
      notes.push({ type: 'Warning', reason: 'Failed', message: `Error: ${message}`, container });
    }
  }
  return notes;
}
