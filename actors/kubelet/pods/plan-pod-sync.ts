import type { Container } from '../../../contracts/kinds/kinds.ts';
import type { SandboxStatus } from '../../../contracts/runtime/status.ts';
import { newestAttempt } from '../containers/container-attempts.ts';
import { sandboxConfig } from '../containers/container-config.ts';
import type { ContainerContext, Decision } from '../containers/container-decision.ts';
import { planContainer } from '../containers/plan-container.ts';
import { backOffEvents } from '../events/backoff-events.ts';
import type { Ending } from '../status/pod-phase.ts';
import { podStatus } from '../status/pod-status.ts';
import { planDeadContainerRemoval } from './plan-dead-container-removal.ts';
import { endingByInit, initContainersOf, isInitialized } from './plan-init-containers.ts';
import { planProbes, unhealthyNotes } from '../probes/plan-probes.ts';
import { hasStarted } from '../probes/probe-outcomes.ts';
import { planVolumes, type VolumesPlan } from '../volumes/plan-volumes.ts';
import {
  activeDeadline,
  endingOf,
  planDeletedPod,
  planEndedPod,
  planGonePod,
  stopContainers,
  stopEndedPod,
} from './plan-pod-termination.ts';
import type { PodInput, PodNote, PodPlan, PodState, PodVerb, PresentPod } from './pod-types.ts';
import { stopSeconds } from './termination-grace-period.ts';

/**
 * Decides what moves one pod a step from what the runtime has of it towards what is wanted. Pure and total: no clock,
 * no randomness, no I/O. Its requests are idempotent and name attempts, so that an actor may crash after any prefix, list
 * again and plan again, and no (pod, container, attempt) is ever started twice.
 * @returns `verbs` empty = converged, or waiting for the runtime or for `wakeAt`
 */
export function planPodSync(input: PodInput): PodPlan {
  const { dispatched } = input;
  if (dispatched === undefined) return planGonePod(input);
  const present: PresentPod = { ...input, dispatched };
  const { pod } = dispatched;
  const state = { ...input.state, graceSeconds: stopSeconds(pod, input.state) };
  if (pod.metadata?.deletionTimestamp !== undefined) return planDeletedPod(present, state);
  const ending = endingOf(present);
  if (ending !== undefined) return planEndedPod(present, state, ending);
  return new RunningPodPlan(present, state).plan();
}

/** The plan of a pod that is to run: what its containers need next, and what is found out about them on the way. */
class RunningPodPlan {
  readonly #input: PresentPod;
  #state: PodState;
  readonly #at: ContainerContext;
  readonly #records: Record<string, PodState['containers'][string]>;
  readonly #waits = new Map<string, NonNullable<Decision['wait']>>();
  readonly #done = new Set<string>();
  readonly #until: number[] = [];
  readonly #notes: PodNote[] = [];

  constructor(input: PresentPod, state: PodState) {
    this.#input = input;
    this.#state = state;
    this.#at = { input, sandbox: newestReady(input.level.sandboxes), graceMs: state.graceSeconds * 1000 };
    this.#records = { ...state.containers };
  }

  plan(): PodPlan {
    const { sandbox } = this.#at;
    const initialized = isInitialized(this.#input, sandbox);
    const inits = initContainersOf(this.#input, initialized);
    const ending = this.#endingWithoutStart(inits, initialized);
    if (ending !== undefined) return this.#end(ending);
    const volumes = planVolumes(this.#input);
    this.#keepVolumes(volumes);
    if (volumes.verb !== undefined) return this.#finish([volumes.verb]);
    if (!volumes.ready) return this.#finish([]);
    if (sandbox === undefined) return this.#finish(this.#startSandbox());
    const probes = planProbes(this.#input, sandbox);
    if (probes.length > 0) return this.#finish(probes);
    this.#noteUnhealthy();
    for (const container of inits) {
      const found = this.#decide(container, true);
      if (found.verb !== undefined) return this.#finish([found.verb]);
      const passed =
        found.ended !== undefined ||
        (found.runs === true && container.restartPolicy === 'Always' && this.#hasStarted(container));
      if (!passed && !initialized) return this.#finish(planDeadContainerRemoval(this.#input));
    }
    return this.#planRegular();
  }

  #noteUnhealthy(): void {
    const { notes, told } = unhealthyNotes(this.#input);
    const { unhealthy: _, ...state } = this.#state;
    this.#state = told === undefined ? state : { ...state, unhealthy: told };
    this.#notes.push(...notes);
  }

  #hasStarted(container: Container): boolean {
    const running = newestAttempt(this.#input, container.name);
    return running !== undefined && hasStarted(this.#input, container, running);
  }

  #keepVolumes({ failure, until, notes }: VolumesPlan): void {
    const { volumes: _, ...state } = this.#state;
    this.#state = failure === undefined ? state : { ...state, volumes: { failure } };
    if (until !== undefined) this.#until.push(until);
    this.#notes.push(...notes);
  }

  get #regular(): readonly Container[] {
    return this.#input.dispatched.pod.spec?.containers ?? [];
  }

  /** How the pod has ended, where no container of it is to be started again. */
  #endingWithoutStart(inits: readonly Container[], initialized: boolean): Ending | undefined {
    // Where every container has ended for good, no sandbox is needed.
    if (initialized || this.#at.sandbox === undefined) {
      const found = this.#regular.map((container) => planContainer(this.#at, container, false));
      if (found.every(({ ended }) => ended !== undefined)) return endingByExitCodes(found);
    }
    return endingByInit(this.#at, inits, initialized);
  }

  /** All containers that need something are looked at; stops go first and together, other requests one at a time. */
  #planRegular(): PodPlan {
    const decisions = this.#regular.map((container) => this.#decide(container, false));
    // Here too: a container by which the pod was seen to be initialized may have been removed from the runtime.
    if (decisions.every(({ ended }) => ended !== undefined)) return this.#end(endingByExitCodes(decisions));
    const verbs = decisions.flatMap(({ verb }) => (verb === undefined ? [] : [verb]));
    const stops = verbs.filter((verb) => verb.op === 'stopContainer');
    if (stops.length > 0) return this.#finish(stops);
    return this.#finish(verbs.length > 0 ? verbs.slice(0, 1) : planDeadContainerRemoval(this.#input));
  }

  #decide(container: Container, init: boolean): Decision {
    const decision = planContainer(this.#at, container, init);
    if (decision.record !== undefined) this.#records[container.name] = decision.record;
    if (decision.wait !== undefined) this.#waits.set(container.name, decision.wait);
    if (decision.ended !== undefined) this.#done.add(container.name);
    if (decision.until !== undefined) this.#until.push(decision.until);
    return decision;
  }

  /** Creates a sandbox, or waits for the back-off after one that failed. */
  #startSandbox(): readonly PodVerb[] {
    const stranded = stopContainers(this.#input, this.#state.graceSeconds); // containers that outlived their sandbox
    if (stranded.length > 0) return stranded;
    const { failure, attempt } = this.#state.sandbox;
    if (failure !== undefined && this.#input.now < failure.until) {
      this.#until.push(failure.until);
      return [];
    }
    const next = Math.max(attempt, ...this.#input.level.sandboxes.map((sandbox) => sandbox.attempt)) + 1;
    return [{ op: 'runPodSandbox', body: sandboxConfig(this.#input.dispatched.pod, next) }];
  }

  #end(ending: Ending): PodPlan {
    return this.#finish(stopEndedPod(this.#input, this.#state), ending);
  }

  #finish(verbs: readonly PodVerb[], ending?: Ending): PodPlan {
    const deadline = activeDeadline(this.#input);
    if (deadline !== undefined) this.#until.push(deadline);
    const wakeAt = this.#until.length === 0 ? undefined : Math.min(...this.#until);
    return {
      verbs,
      state: { ...this.#state, containers: this.#records },
      status: podStatus(this.#input, { waits: this.#waits, done: this.#done }, ending),
      notes: [...this.#notes, ...backOffEvents(this.#input, this.#waits)],
      ...(wakeAt === undefined || verbs.length > 0 ? {} : { wakeAt }),
      deletable: false,
      forget: false,
    };
  }
}

const newestReady = (sandboxes: readonly SandboxStatus[]): SandboxStatus | undefined =>
  sandboxes.filter(({ state }) => state === 'ready').sort((a, b) => b.attempt - a.attempt)[0];

const endingByExitCodes = (found: readonly Decision[]): Ending => ({
  kind: 'over',
  phase: found.every(({ ended }) => ended?.exitCode === 0) ? 'Succeeded' : 'Failed',
});
