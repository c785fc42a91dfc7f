import type { Container } from '../../../contracts/kinds/kinds.ts';
import type { SandboxStatus } from '../../../contracts/runtime/status.ts';
import { attemptsOf } from '../containers/container-attempts.ts';
import type { ContainerContext } from '../containers/container-decision.ts';
import { planContainer } from '../containers/plan-container.ts';
import type { Ending } from '../status/pod-phase.ts';
import type { PresentPod } from './pod-types.ts';

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

/** The init containers to look at: all of them, or once the pod is initialized only its sidecars. */
export function initContainersOf(input: PresentPod, initialized: boolean): readonly Container[] {
  const all = input.dispatched.pod.spec?.initContainers ?? [];
  return initialized ? all.filter(isSidecar) : all;
}

/** Whether the init containers are done: a regular container exists in the present sandbox. */
export function isInitialized(input: PresentPod, sandbox: SandboxStatus | undefined): boolean {
  const spec = input.dispatched.pod.spec;
  if ((spec?.initContainers ?? []).length === 0) return true;
  const names = new Set(spec?.containers.map(({ name }) => name));
  return input.level.containers.some(({ name, sandboxId }) => names.has(name) && sandboxId === sandbox?.id);
}

/** How init containers end the pod, if they do: one failed for good, or the work of one is lost and must not be repeated. */
export function endingByInit(
  at: ContainerContext,
  inits: readonly Container[],
  initialized: boolean,
): Ending | undefined {
  if (inits.some((container) => (planContainer(at, container, true).ended?.exitCode ?? 0) !== 0))
    return { kind: 'over', phase: 'Failed' };
  return !initialized && inits.some((container) => isUndone(at, container)) ? sandboxChanged : undefined;
}

/** The container succeeded in a sandbox that is gone, its work is gone too, and restartPolicy Never forbids a repetition. */
function isUndone(at: ContainerContext, container: Container): boolean {
  const { dispatched, level } = at.input;
  if (dispatched.pod.spec?.restartPolicy !== 'Never' || isSidecar(container)) return false;
  if (planContainer(at, container, true).ended?.exitCode !== 0) return false;
  const found = attemptsOf(level, container.name)[0];
  return found === undefined ? at.sandbox === undefined : found.sandboxId !== at.sandbox?.id;
}
const sandboxChanged = {
  kind: 'over',
  phase: 'Failed',
  reason: 'SandboxChanged',
  message: 'The sandbox for which init containers ran is gone, and with restartPolicy Never they do not run again',
} as const satisfies Ending;
