import type { PodNote, PodVerb } from '../pods/pod-types.ts';
import { normalNote } from '../runtime/outcome.ts';

const SANDBOX_CHANGED: PodNote = {
  type: 'Normal',
  reason: 'SandboxChanged',
  message: 'Pod sandbox changed, it will be killed and re-created.',
};

/** Events to record before a request is made: Pulling, SandboxChanged, Killing. Pure. */
export function eventsBefore(verb: PodVerb): readonly PodNote[] {
  if (verb.op === 'pullImage') return [normalNote(verb.name, 'Pulling', `Pulling image "${verb.body.image}"`)];
  if (verb.op === 'runPodSandbox') return verb.body.attempt === 0 ? [] : [SANDBOX_CHANGED];
  return verb.op === 'stopContainer' ? [normalNote(verb.name, 'Killing', verb.why)] : [];
}
