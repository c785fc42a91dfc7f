import { retryOf, type StatusError } from '../../../contracts/errors/status.ts';
import { own } from '../../../contracts/json-values.ts';
import { runtimeCause } from '../../../contracts/runtime/errors.ts';
import { failedAgain } from '../containers/crash-loop-backoff.ts';
import type { PodNote, PodVerb } from '../pods/pod-types.ts';
import { failedMount, mountFailed } from '../volumes/plan-volumes.ts';
import { failedNote, type KnownPod, type Outcome, type VerbOf, withFailure, without, withRecord } from './outcome.ts';

/** Longest back-off after a configuration error: the user is expected to add the missing ConfigMap or Secret soon. */
const CONFIG_RETRY_MS = 10_000;

/**
 * What is known of a pod after a request to the runtime failed or timed out. A failure with a known cause backs off; after
 * any other, only a new list shows how far the runtime got. Pure.
 */
export function applyFailure(known: KnownPod, verb: PodVerb, error: StatusError, now: number): Outcome {
  const { level, state } = known;
  const cause = runtimeCause(error);
  const { message } = error;
  const unknown: Outcome = { level, state, notes: [], relist: true };
  if (verb.op === 'runPodSandbox') {
    const { failure } = state.sandbox;
    const again = failedAgain(failure, cause ?? 'CreatePodSandboxError', message, now, 1000, 60_000);
    const note: PodNote = {
      type: 'Warning',
      reason: 'FailedCreatePodSandBox',
      message: `Failed to create pod sandbox: ${message}`,
    };
    return { ...unknown, state: { ...state, sandbox: { ...state.sandbox, failure: again } }, notes: [note] };
  }
  if (verb.op === 'setUpVolumes' && cause === 'FailedMount') {
    const failure = mountFailed(state.volumes?.failure, verb.wanted, message, now);
    return { ...unknown, state: { ...state, volumes: { failure } }, notes: [failedMount(message)] };
  }
  if (verb.op === 'pullImage')
    return { ...failedPull(known, verb, cause ?? 'ErrImagePull', message, now), relist: false };
  if (verb.op === 'imageStatus' && cause !== undefined) return failedImageStatus(known, verb, cause, message, now);
  if (verb.op === 'createContainer') return failedCreate(known, verb, cause, error, now);
  if (verb.op === 'startContainer') {
    if (cause === undefined) return unknown;
    const failed = withFailure(state, verb.name, { reason: cause, message, now });
    return { ...unknown, state: failed, notes: [failedNote(verb.name, `Error: ${message}`)] };
  }
  return unknown;
}

/** The image's name is invalid. */
function failedImageStatus(
  known: KnownPod,
  verb: VerbOf<'imageStatus'>,
  cause: string,
  message: string,
  now: number,
): Outcome {
  const { image } = verb.body;
  return {
    level: known.level,
    state: withFailure(known.state, verb.name, { reason: cause, message, now }, { image }),
    notes: [failedNote(verb.name, message, 'InspectFailed'), failedNote(verb.name, `Error: ${cause}`)],
  };
}

function failedPull(known: KnownPod, verb: VerbOf<'pullImage'>, cause: string, message: string, now: number): Outcome {
  const { image } = verb.body;
  const { level, state } = known;
  const failure = failedAgain(own(state.pulls, image), cause, message, now);
  return {
    level,
    state: { ...state, pulls: { ...state.pulls, [image]: failure } },
    notes: [
      failedNote(verb.name, `Failed to pull image "${image}": ${message}`),
      failedNote(verb.name, `Error: ${cause}`),
    ],
  };
}

function failedCreate(
  known: KnownPod,
  verb: VerbOf<'createContainer'>,
  named: string | undefined,
  error: StatusError,
  now: number,
): Outcome {
  const { name, image, imageName = image } = verb.body;
  const { level, state } = known;
  // Retrying cannot help, e.g. the request is too large: the pod's status must show why.
  const cause = named ?? (retryOf(error) === 'never' ? 'CreateContainerError' : undefined);
  const { message } = error;
  // The image was removed from the node: look it up again, and pull it where the pull policy allows.
  if (cause === 'ImageNotPresent') {
    const forgotten = withRecord(state, name, (record) => without(record, 'image'));
    return { level, state: forgotten, notes: [], lostImage: imageName };
  }
  if (cause === undefined) return { level, state, notes: [], relist: true };
  const configured = cause !== 'CreateContainerConfigError';
  const mostMs = configured ? undefined : CONFIG_RETRY_MS;
  const tried = { image: imageName, ...(configured ? {} : { secrets: verb.secrets }) };
  const failed = withFailure(state, name, { reason: cause, message, now }, tried, mostMs);
  return { level, state: failed, notes: [failedNote(name, `Error: ${message}`)], relist: true };
}
