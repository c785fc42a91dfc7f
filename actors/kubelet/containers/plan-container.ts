import { canonicalJson } from '../../../contracts/hash/stable-hash.ts';
import { own } from '../../../contracts/json-values.ts';
import type { Container } from '../../../contracts/kinds/kinds.ts';
import type { ContainerStatus } from '../../../contracts/runtime/status.ts';
import type { ContainerRecord, PodVerb } from '../pods/pod-types.ts';
import {
  type AttemptEnding,
  attemptsOf,
  lostEnding,
  newestAttempt,
  newestInStatus,
  wasCreatedOnly,
} from './container-attempts.ts';
import { containerConfig, specHash } from './container-config.ts';
import type { ContainerContext, Decision } from './container-decision.ts';
import { isConfigError } from './container-env.ts';
import { goDuration, restartBackoff } from './crash-loop-backoff.ts';
import { probeOf } from '../probes/probe-config.ts';
import { failedProbe } from '../probes/probe-outcomes.ts';
import { planImage, recordedImage } from './plan-image-pull.ts';

/** Whether a container that ended is started again, by the restart policy; init containers run until they succeed. */
export function restarts(at: ContainerContext, container: Container, init: boolean, exitCode: number): boolean {
  const policy = container.restartPolicy ?? at.input.dispatched.pod.spec?.restartPolicy ?? 'Always';
  if (policy === 'Always' && (!init || container.restartPolicy === 'Always')) return true;
  return policy !== 'Never' && exitCode !== 0;
}

/**
 * Decides what one container of a running pod needs next: create, start, stop, remove, or wait. Pure and total.
 * @param init an init container: it must end with exit code 0 before the next one starts
 */
export function planContainer(at: ContainerContext, container: Container, init: boolean): Decision {
  const { input } = at;
  const record = own(input.state.containers, container.name) ?? {};
  const newest = newestAttempt(input, container.name);
  if (newest === undefined) {
    const lost = lostEnding(input.status, container.name);
    const isDue =
      lost === undefined ||
      (init && repeatsLost(at, container, lost.exitCode)) ||
      // Its definition changed, so that it runs under any restart policy; where the policy restarts it, it backs off.
      (wasCreatedOnly(input.status, container.name) && !restarts(at, container, init, lost.exitCode));
    if (isDue) return planAttempt(at, container, record, nextAttempt(at, container, record));
    return afterEnding(at, container, init, record, lost);
  }
  if (newest.state === 'running') return whileRunning(at, container, record, newest);
  if (newest.state === 'created') return onceCreated(at, container, record, newest);
  if (newest.state === 'unknown') return { verb: remove(newest) };
  if (init && repeats(at, container, newest))
    return planAttempt(at, container, record, nextAttempt(at, container, record));
  return afterEnding(at, container, init, record, {
    attempt: newest.attempt,
    exitCode: newest.exitCode ?? 0,
    finishedAt: newest.finishedAt ?? newest.createdAt,
  });
}

/** The next attempt's number, above all that the runtime, the record and the pod's status have. */
function nextAttempt({ input }: ContainerContext, { name }: Container, record: ContainerRecord): number {
  const found = attemptsOf(input.level, name)[0]?.attempt ?? -1;
  return Math.max(found, record.attempt ?? -1, newestInStatus(input.status, name)) + 1;
}

/** Whether a succeeded init container runs again in a new sandbox. */
const isRepeatable = ({ sandbox, input }: ContainerContext, { restartPolicy }: Container, exitCode?: number): boolean =>
  sandbox !== undefined &&
  restartPolicy !== 'Always' &&
  exitCode === 0 &&
  input.dispatched.pod.spec?.restartPolicy !== 'Never';

/** It ran in an earlier sandbox, e.g. before the machine rebooted. */
const repeats = (at: ContainerContext, container: Container, found: ContainerStatus): boolean =>
  isRepeatable(at, container, found.exitCode) && found.sandboxId !== at.sandbox?.id;

/** The same for one that the runtime lost with its sandbox: no later init container exists in the present sandbox. */
function repeatsLost(at: ContainerContext, container: Container, exitCode: number): boolean {
  if (!isRepeatable(at, container, exitCode)) return false;
  const { input, sandbox } = at;
  const order = (input.dispatched.pod.spec?.initContainers ?? []).map((each) => each.name);
  const later = new Set(order.slice(order.indexOf(container.name) + 1));
  return !input.level.containers.some((each) => each.sandboxId === sandbox?.id && later.has(each.name));
}

const remove = (container: ContainerStatus): PodVerb => ({
  op: 'removeContainer',
  body: { containerId: container.id },
});

/** The request that stops a container. @param graceMs termination grace period @param why text of the Killing event */
export const stopVerb = (container: ContainerStatus, graceMs: number, why: string): PodVerb => ({
  op: 'stopContainer',
  body: { containerId: container.id, graceMs },
  name: container.name,
  why,
});

function whileRunning(
  at: ContainerContext,
  container: Container,
  record: ContainerRecord,
  found: ContainerStatus,
): Decision {
  if (at.sandbox !== undefined && found.sandboxId !== at.sandbox.id) {
    return { verb: stopVerb(found, at.graceMs, `Stopping container ${found.name}`) };
  }
  const failed = failedProbe(at.input, container, found);
  if (failed !== undefined) return { verb: stopAfterProbe(at, container, found, failed) };
  if (found.specHash === specHash(container)) return { runs: true };
  return {
    verb: stopVerb(found, at.graceMs, `Container ${found.name} definition changed, will be restarted`),
    record: { ...record, replaced: found.attempt },
  };
}

/** Its restart policy decides what follows. */
function stopAfterProbe(
  { input, graceMs }: ContainerContext,
  container: Container,
  found: ContainerStatus,
  kind: 'startup' | 'liveness',
): PodVerb {
  const seconds = probeOf(container, kind)?.terminationGracePeriodSeconds;
  const restarts = (container.restartPolicy ?? input.dispatched.pod.spec?.restartPolicy) !== 'Never';
  const why = `Container ${found.name} failed ${kind} probe${restarts ? ', will be restarted' : ''}`;
  return stopVerb(found, seconds === undefined ? graceMs : seconds * 1000, why);
}

/** Created and not started, e.g. because the kubelet crashed in between: it is started, unless it is out of date. */
function onceCreated(
  at: ContainerContext,
  container: Container,
  record: ContainerRecord,
  found: ContainerStatus,
): Decision {
  if (found.sandboxId !== at.sandbox?.id || found.specHash !== specHash(container))
    return { verb: remove(found), record: { ...record, replaced: found.attempt } };
  const waiting = failureWait(at, container, record);
  return waiting ?? { verb: { op: 'startContainer', body: { containerId: found.id }, name: found.name } };
}

function failureWait(at: ContainerContext, container: Container, record: ContainerRecord): Decision | undefined {
  const { failure } = record;
  if (failure?.image !== undefined && failure.image !== container.image) return undefined;
  if (failure?.secrets !== undefined && failure.secrets !== secretVersions(at)) return undefined;
  if (failure === undefined || at.input.now >= failure.until) return undefined;
  return { wait: { reason: failure.reason, message: failure.message }, until: failure.until };
}

function afterEnding(
  at: ContainerContext,
  container: Container,
  init: boolean,
  record: ContainerRecord,
  ending: AttemptEnding,
): Decision {
  const next = nextAttempt(at, container, record);
  if (record.replaced === ending.attempt) return planAttempt(at, container, record, next);
  if (!restarts(at, container, init, ending.exitCode)) return { ended: { exitCode: ending.exitCode } };
  const backoff = restartBackoff(record, next, ending.finishedAt, at.input.now);
  if ('granted' in backoff) return planAttempt(at, container, { ...record, restart: backoff.granted }, next);
  const { pod } = at.input.dispatched;
  const where = `${pod.metadata?.name ?? ''}_${pod.metadata?.namespace ?? ''}(${at.input.uid})`;
  const message = `back-off ${goDuration(backoff.delayMs)} restarting failed container=${container.name} pod=${where}`;
  return { wait: { reason: 'CrashLoopBackOff', message }, until: backoff.until };
}

/** Plans a new attempt: first its configuration, then its image, then the container. */
function planAttempt(at: ContainerContext, container: Container, record: ContainerRecord, attempt: number): Decision {
  const { input, sandbox } = at;
  if (sandbox === undefined) return { wait: { reason: 'ContainerCreating' }, record };
  const waiting = failureWait(at, container, record);
  if (waiting !== undefined) return { ...waiting, record };
  const podIp = sandbox.ip ?? input.node.ip;
  const configFor = (imageId: string) =>
    containerConfig(input.dispatched, container, {
      sandboxId: sandbox.id,
      attempt,
      imageId,
      facts: { podIp, node: input.node },
    });
  // Before the image is looked up: a container that lacks its configuration would show that it is being created meanwhile.
  const early = configFor('');
  if (isConfigError(early)) return { wait: { reason: 'CreateContainerConfigError', message: early.error }, record };
  const image = planImage(at, container, record, attempt);
  if (typeof image !== 'string') return { ...image, record };
  const body = configFor(image);
  if (isConfigError(body)) return { wait: { reason: 'CreateContainerConfigError', message: body.error }, record };
  const pulled = recordedImage(container, record, attempt)?.pulled === true;
  return { verb: { op: 'createContainer', body, present: !pulled, secrets: secretVersions(at) }, record };
}

const secretVersions = ({ input }: ContainerContext): string => canonicalJson(input.dispatched.secrets ?? {});
