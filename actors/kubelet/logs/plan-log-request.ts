import { failure, type Status } from '../../../contracts/errors/status.ts';
import type { Pod, PodStatus } from '../../../contracts/kinds/kinds.ts';
import type { LogQuery } from '../../../contracts/messages/logs.ts';
import { knownStatus } from '../containers/container-attempts.ts';

type Planned = { readonly ask: LogQuery & { readonly container: string } } | { readonly refuse: Status };
const refuse = (message: string): Planned => ({ refuse: failure('BadRequest', message) });

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

function pick(pod: Pod, asked: string | undefined): string | Status {
  const name = pod.metadata?.name ?? '';
  const regular = (pod.spec?.containers ?? []).map((container) => container.name);
  const inits = (pod.spec?.initContainers ?? []).map((container) => container.name);
  const all = [...regular, ...inits];
  const wanted = asked === undefined || asked === '' ? pod.metadata?.annotations?.[DEFAULT_CONTAINER] : asked;
  if (wanted !== undefined && all.includes(wanted)) return wanted;
  if (asked !== undefined && asked !== '')
    return failure('BadRequest', `container ${asked} is not valid for pod ${name}`);
  if (all.length === 1 && regular[0] !== undefined) return regular[0];
  const more = inits.length === 0 ? '' : ` or one of the init containers: [${inits.join(' ')}]`;
  const choice = `a container name must be specified for pod ${name}, choose one of: [${regular.join(' ')}]${more}`;
  return failure('BadRequest', choice);
}

/**
 * Decides which container's log a request means, or why it is refused, in Kubernetes' words. Pure.
 * @param status the status planned last
 */
export function planLogRequest(pod: Pod, status: PodStatus, query: LogQuery): Planned {
  const container = pick(pod, query.container);
  if (typeof container !== 'string') return { refuse: container };
  const name = pod.metadata?.name ?? '';
  const known = knownStatus(status, container);
  if (query.previous === true && known?.lastState?.terminated === undefined)
    return refuse(`previous terminated container "${container}" in pod "${name}" not found`);
  const waiting = known?.state?.waiting;
  const nothingYet = known === undefined || (waiting !== undefined && known.lastState?.terminated === undefined);
  if (nothingYet) {
    const reason = waiting?.reason ?? 'ContainerCreating';
    const pulling = reason === 'ErrImagePull' || reason === 'ImagePullBackOff';
    const why = pulling ? 'trying and failing to pull image' : reason;
    return refuse(`container "${container}" in pod "${name}" is waiting to start: ${why}`);
  }
  // While a container waits for its restart, the run that ended last is both the newest and the previous one.
  const { previous: asked, ...rest } = query;
  const previous = asked === true && waiting === undefined ? { previous: true } : {};
  return { ask: { ...rest, ...previous, container, podUid: pod.metadata?.uid ?? '' } };
}
