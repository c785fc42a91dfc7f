import { canonicalJson } from '../../../contracts/hash/stable-hash.ts';
import { own } from '../../../contracts/json-values.ts';
import type { Container } from '../../../contracts/kinds/kinds.ts';
import type { ContainerStatus, SandboxStatus } from '../../../contracts/runtime/status.ts';
import { goDuration, restartGate } from './backoff.ts';
import { containerConfig, pullPolicy, specHash } from './container-config.ts';
import { isConfigError } from './container-env.ts';
import { attemptsOf, type Ending, isMadeAlone, lostEnding, newestAttempt, newestTold } from './container-history.ts';
import type { ContainerBook, PodVerb, PresentPod } from './pod-types.ts';

/** How long a failed pull is called `ErrImagePull` before it is called a back-off. */
const FRESH_FAILURE_MS = 1000;

/** What becomes of one container next. Exactly one of `verb`, `wait`, `runs`, `ended` is there. */
export interface Decision {
  readonly verb?: PodVerb;
  /** Nothing can be asked now; the reason is what the pod's status shows. */
  readonly wait?: { readonly reason: string; readonly message?: string };
  /** When waiting is over, where that is known. */
  readonly until?: number;
  readonly runs?: true;
  /** It will not be started again. */
  readonly ended?: { readonly exitCode: number };
  readonly book?: ContainerBook;
}

export interface ContainerContext {
  readonly input: PresentPod;
  /** Where new attempts are started; absent while there is none. */
  readonly sandbox: SandboxStatus | undefined;
  readonly graceMs: number;
}

/** Of an ended container: is it started again? Init containers are started until they succeed. */
export function restarts(at: ContainerContext, container: Container, init: boolean, exitCode: number): boolean {
  const policy = container.restartPolicy ?? at.input.dispatched.pod.spec?.restartPolicy ?? 'Always';
  if (policy === 'Always' && (!init || container.restartPolicy === 'Always')) return true;
  return policy !== 'Never' && exitCode !== 0;
}

/**
 * Decides about one container of a pod that is to run. Pure and total.
 * @param init it must end with 0 before the next one is looked at
 */
export function planContainer(at: ContainerContext, container: Container, init: boolean): Decision {
  const { input } = at;
  const book = own(input.state.containers, container.name) ?? {};
  const newest = newestAttempt(input, container.name);
  if (newest === undefined) {
    const lost = lostEnding(input.status, container.name);
    const isDue =
      lost === undefined ||
      (init && repeatsLost(at, container, lost.exitCode)) ||
      // Whatever the restart policy: its definition had changed. Where the policy restarts it, there is a back-off.
      (isMadeAlone(input.status, container.name) && !restarts(at, container, init, lost.exitCode));
    if (isDue) return planAttempt(at, container, book, nextAttempt(at, container, book));
    return afterEnding(at, container, init, book, lost);
  }
  if (newest.state === 'running') return whileRunning(at, container, book, newest);
  if (newest.state === 'created') return onceCreated(at, container, book, newest);
  if (newest.state === 'unknown') return { verb: remove(newest) };
  if (init && repeats(at, container, newest)) return planAttempt(at, container, book, nextAttempt(at, container, book));
  return afterEnding(at, container, init, book, {
    attempt: newest.attempt,
    exitCode: newest.exitCode ?? 0,
    finishedAt: newest.finishedAt ?? newest.createdAt,
  });
}

/** One that never was, as far as the runtime, the book and what was told of the pod know. */
function nextAttempt({ input }: ContainerContext, { name }: Container, book: ContainerBook): number {
  const found = attemptsOf(input.level, name)[0]?.attempt ?? -1;
  return Math.max(found, book.attempt ?? -1, newestTold(input.status, name)) + 1;
}

/** May what an init container did be done again, if the sandbox that it was done for is gone? */
const isRepeatable = ({ sandbox, input }: ContainerContext, { restartPolicy }: Container, exitCode?: number): boolean =>
  sandbox !== undefined &&
  restartPolicy !== 'Always' &&
  exitCode === 0 &&
  input.dispatched.pod.spec?.restartPolicy !== 'Never';

/** Such as before its machine was started anew. */
const repeats = (at: ContainerContext, container: Container, found: ContainerStatus): boolean =>
  isRepeatable(at, container, found.exitCode) && found.sandboxId !== at.sandbox?.id;

/** The same where the engine has lost it with its sandbox: in the present one no later init container was made. */
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

export const stopVerb = (container: ContainerStatus, graceMs: number, why: string): PodVerb => ({
  op: 'stopContainer',
  body: { containerId: container.id, graceMs },
  name: container.name,
  why,
});

function whileRunning(
  at: ContainerContext,
  container: Container,
  book: ContainerBook,
  found: ContainerStatus,
): Decision {
  if (at.sandbox !== undefined && found.sandboxId !== at.sandbox.id) {
    return { verb: stopVerb(found, at.graceMs, `Stopping container ${found.name}`) };
  }
  if (found.specHash === specHash(container)) return { runs: true };
  return {
    verb: stopVerb(found, at.graceMs, `Container ${found.name} definition changed, will be restarted`),
    book: { ...book, replaced: found.attempt },
  };
}

/** Created and never started: what a crash between the two left behind is used, unless it is out of date. */
function onceCreated(
  at: ContainerContext,
  container: Container,
  book: ContainerBook,
  found: ContainerStatus,
): Decision {
  if (found.sandboxId !== at.sandbox?.id || found.specHash !== specHash(container))
    return { verb: remove(found), book: { ...book, replaced: found.attempt } };
  const waiting = failureWait(at, container, book);
  return waiting ?? { verb: { op: 'startContainer', body: { containerId: found.id }, name: found.name } };
}

function failureWait(at: ContainerContext, container: Container, book: ContainerBook): Decision | undefined {
  const { failure } = book;
  if (failure?.image !== undefined && failure.image !== container.image) return undefined;
  if (failure?.secrets !== undefined && failure.secrets !== secretVersions(at)) return undefined;
  if (failure === undefined || at.input.now >= failure.until) return undefined;
  return { wait: { reason: failure.reason, message: failure.message }, until: failure.until };
}

function afterEnding(
  at: ContainerContext,
  container: Container,
  init: boolean,
  book: ContainerBook,
  ending: Ending,
): Decision {
  const next = nextAttempt(at, container, book);
  if (book.replaced === ending.attempt) return planAttempt(at, container, book, next);
  if (!restarts(at, container, init, ending.exitCode)) return { ended: { exitCode: ending.exitCode } };
  const gate = restartGate(book, next, ending.finishedAt, at.input.now);
  if ('granted' in gate) return planAttempt(at, container, { ...book, restart: gate.granted }, next);
  const { pod } = at.input.dispatched;
  const where = `${pod.metadata?.name ?? ''}_${pod.metadata?.namespace ?? ''}(${at.input.uid})`;
  const message = `back-off ${goDuration(gate.delayMs)} restarting failed container=${container.name} pod=${where}`;
  return { wait: { reason: 'CrashLoopBackOff', message }, until: gate.until };
}

/** Image, then configuration, then the container itself. */
function planAttempt(at: ContainerContext, container: Container, book: ContainerBook, attempt: number): Decision {
  const { input, sandbox } = at;
  if (sandbox === undefined) return { wait: { reason: 'ContainerCreating' }, book };
  const waiting = failureWait(at, container, book);
  if (waiting !== undefined) return { ...waiting, book };
  const image = resolveImage(at, container, book, attempt);
  if (typeof image !== 'string') return { ...image, book };
  const podIp = sandbox.ip ?? input.node.ip;
  const body = containerConfig(input.dispatched, container, {
    sandboxId: sandbox.id,
    attempt,
    imageId: image,
    facts: { podIp, node: input.node },
  });
  if (isConfigError(body)) return { wait: { reason: 'CreateContainerConfigError', message: body.error }, book };
  const pulled = bookedImage(container, book, attempt)?.pulled === true;
  return { verb: { op: 'createContainer', body, present: !pulled, secrets: secretVersions(at) }, book };
}

const secretVersions = ({ input }: ContainerContext): string => canonicalJson(input.dispatched.secrets ?? {});

/** What was found out about the image of this attempt; of no use once the pod names another image. */
function bookedImage({ image }: Container, book: ContainerBook, attempt: number): ContainerBook['image'] {
  const booked = book.image;
  return booked?.attempt === attempt && (booked.name ?? image) === image ? booked : undefined;
}

/** @returns the image's id once it is on the node; else what to ask or to wait for */
function resolveImage(
  at: ContainerContext,
  container: Container,
  book: ContainerBook,
  attempt: number,
): string | Decision {
  const { images, state, now } = at.input;
  const image = container.image ?? '';
  const name = container.name;
  if (image === '') {
    const message = `Failed to apply default image tag "": couldn't parse image name "": invalid reference format`;
    return { wait: { reason: 'InvalidImageName', message } };
  }
  const policy = pullPolicy(container);
  const looked = bookedImage(container, book, attempt);
  if (looked?.id !== undefined) return looked.id;
  if (policy !== 'Always' && looked === undefined) {
    const never = policy === 'Never' ? { never: true } : {};
    return images.get(image) ?? { verb: { op: 'imageStatus', body: { image }, name, attempt, ...never } };
  }
  const failure = own(state.pulls, image);
  if (failure === undefined || now >= failure.until)
    return { verb: { op: 'pullImage', body: { image }, name, attempt } };
  if (failure.reason === 'InvalidImageName') {
    return { wait: { reason: failure.reason, message: failure.message }, until: failure.until };
  }
  if (now < failure.at + FRESH_FAILURE_MS) {
    return { wait: { reason: failure.reason, message: failure.message }, until: failure.at + FRESH_FAILURE_MS };
  }
  const message = `Back-off pulling image "${image}": ${failure.reason}: ${failure.message}`;
  return { wait: { reason: 'ImagePullBackOff', message }, until: failure.until };
}
