import { knownStatus } from '../containers/container-attempts.ts';
import type { PodNote, PresentPod } from '../pods/pod-types.ts';
import type { Waits } from '../status/pod-status.ts';

/** Events for containers that begin to wait: CrashLoopBackOff, ImagePullBackOff, CreateContainerConfigError. Pure. */
export function backOffEvents(input: PresentPod, waits: Waits): readonly PodNote[] {
  const notes: PodNote[] = [];
  for (const [container, { reason, message = '' }] of waits) {
    const before = knownStatus(input.status, container)?.state?.waiting;
    if (before?.reason === reason && (reason !== 'CreateContainerConfigError' || before.message === message)) continue;
    if (reason === 'CrashLoopBackOff') {
      const { name = '', namespace = '' } = input.dispatched.pod.metadata ?? {};
      const text = `Back-off restarting failed container ${container} in pod ${name}_${namespace}(${input.uid})`;
      notes.push({ type: 'Warning', reason: 'BackOff', message: text, container });
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
