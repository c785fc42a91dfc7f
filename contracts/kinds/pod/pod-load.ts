import type { Container, Pod, Quantity } from '../kinds.ts';
import { cpuMillis, wholeUnits } from '../../quantity.ts';

/**
 * Resources that pods request, or that a node has to allocate. Whole numbers, capped at `MAX`, so that sums do not depend
 * on the order of their terms.
 */
export interface Load {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
  /** Every other resource by name; for pods only those that they request. */
  readonly extended: ReadonlyMap<string, number>;
  /** `cpuMillis` and `memoryBytes` with a default for containers that request nothing, so that these are spread too. */
  readonly nonzeroCpuMillis: number;
  readonly nonzeroMemoryBytes: number;
  /** `protocol/ip/port` of each host port -> number of pods that use it. */
  readonly hostPorts: ReadonlyMap<string, number>;
}

/** The largest exact whole number. */
const MAX = Number.MAX_SAFE_INTEGER;
const DEFAULT_CPU_MILLIS = 100;
const DEFAULT_MEMORY_BYTES = 200 * 2 ** 20;
const NOTHING: ReadonlyMap<string, number> = new Map();

export const NO_LOAD: Load = {
  cpuMillis: 0,
  memoryBytes: 0,
  pods: 0,
  extended: NOTHING,
  nonzeroCpuMillis: 0,
  nonzeroMemoryBytes: 0,
  hostPorts: NOTHING,
};

type Amounts = Map<string, number>;

/** The resources that a pod requests. */
export function podLoad(pod: Pod): Load {
  const requested = totalOf(pod, addRequests);
  const nonzero = totalOf(pod, addNonzeroRequests);
  const cpuMillis = requested.get('cpu') ?? 0;
  const memoryBytes = requested.get('memory') ?? 0;
  for (const [name, amount] of requested)
    if (amount === 0 || name === 'cpu' || name === 'memory') requested.delete(name);
  return {
    cpuMillis,
    memoryBytes,
    pods: 1,
    extended: requested.size === 0 ? NOTHING : requested,
    nonzeroCpuMillis: nonzero.get('cpu') ?? 0,
    nonzeroMemoryBytes: nonzero.get('memory') ?? 0,
    hostPorts: hostPorts(pod),
  };
}

/** Of each resource the sum over the pod's containers, or the request of its largest init container if that is more. */
function totalOf({ spec }: Pod, add: (sum: Amounts, container: Container) => void): Amounts {
  const sum: Amounts = new Map();
  for (const container of spec?.containers ?? []) add(sum, container);
  const sidecars: Amounts = new Map();
  const largest: Amounts = new Map();
  for (const container of spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(sum, container);
      add(sidecars, container);
      continue;
    }
    const alone: Amounts = new Map();
    add(alone, container);
    raise(largest, alone, sidecars);
  }
  // After the loop: a sidecar that is declared later does not run beside an init container that ended before it started.
  raise(sum, largest);
  for (const [name, quantity] of Object.entries(spec?.overhead ?? {})) plus(sum, name, amountOf(name, quantity));
  return sum;
}

function addRequests(sum: Amounts, { resources }: Container): void {
  const requests = resources?.requests ?? {};
  for (const name in requests) plus(sum, name, amountOf(name, requests[name]));
}

function addNonzeroRequests(sum: Amounts, { resources }: Container): void {
  const { cpu, memory } = resources?.requests ?? {};
  plus(sum, 'cpu', cpu === undefined ? DEFAULT_CPU_MILLIS : amountOf('cpu', cpu));
  plus(sum, 'memory', memory === undefined ? DEFAULT_MEMORY_BYTES : amountOf('memory', memory));
}

const amountOf = (name: string, quantity: Quantity | undefined): number =>
  Math.min(MAX, Math.max(0, name === 'cpu' ? cpuMillis(quantity) : wholeUnits(quantity)));
const plus = (sum: Amounts, name: string, amount: number): void =>
  void sum.set(name, Math.min(MAX, (sum.get(name) ?? 0) + amount));
/** Raises each amount of `sum` to that of `to`. @param beside amounts that are used at the same time */
const raise = (sum: Amounts, to: Amounts, beside: ReadonlyMap<string, number> = NOTHING): void => {
  for (const [name, amount] of to) {
    const all = Math.min(MAX, amount + (beside.get(name) ?? 0));
    if (all > (sum.get(name) ?? 0)) sum.set(name, all);
  }
};

function hostPorts(pod: Pod): ReadonlyMap<string, number> {
  let ports: Amounts | undefined;
  for (const { ports: declared } of pod.spec?.containers ?? []) {
    for (const { hostPort, hostIP, protocol } of declared ?? []) {
      if (hostPort === undefined || hostPort === 0) continue;
      ports ??= new Map();
      plus(ports, `${protocol ?? 'TCP'}/${hostIP === undefined || hostIP === '' ? '0.0.0.0' : hostIP}/${hostPort}`, 1);
    }
  }
  return ports ?? NOTHING;
}

/** `a + b`. */
export const combine = (a: Load, b: Load): Load => signed(a, b, 1);

/**
 * A sum minus one of its terms; resources and ports whose amount becomes 0 are left out.
 * @param rest the other terms; added up again when the sum was capped at `MAX` and is therefore not exact
 */
export const without = (sum: Load, one: Load, rest: () => readonly Load[]): Load =>
  isExact(sum) ? signed(sum, one, -1) : rest().reduce(combine, NO_LOAD);

function isExact(sum: Load): boolean {
  for (const amount of sum.extended.values()) if (amount >= MAX) return false;
  return sum.nonzeroCpuMillis < MAX && sum.nonzeroMemoryBytes < MAX; // these are never less than the requests
}

function signed(a: Load, b: Load, sign: 1 | -1): Load {
  const sum = (x: number, y: number): number => Math.min(MAX, x + sign * y);
  return {
    cpuMillis: sum(a.cpuMillis, b.cpuMillis),
    memoryBytes: sum(a.memoryBytes, b.memoryBytes),
    pods: a.pods + sign * b.pods,
    extended: signedMaps(a.extended, b.extended, sign),
    nonzeroCpuMillis: sum(a.nonzeroCpuMillis, b.nonzeroCpuMillis),
    nonzeroMemoryBytes: sum(a.nonzeroMemoryBytes, b.nonzeroMemoryBytes),
    hostPorts: signedMaps(a.hostPorts, b.hostPorts, sign),
  };
}

function signedMaps(
  a: ReadonlyMap<string, number>,
  b: ReadonlyMap<string, number>,
  sign: 1 | -1,
): ReadonlyMap<string, number> {
  if (b.size === 0) return a;
  const sum = new Map(a);
  for (const [name, amount] of b) {
    const next = Math.min(MAX, (sum.get(name) ?? 0) + sign * amount);
    if (next === 0) sum.delete(name);
    else sum.set(name, next);
  }
  return sum;
}

/** What a node has to allocate: 0 of every resource that it does not list. */
export function allocatableLoad(allocatable: Readonly<Record<string, Quantity>> = {}): Load {
  const { cpu, memory, pods, ...others } = allocatable;
  return {
    ...NO_LOAD,
    cpuMillis: amountOf('cpu', cpu),
    memoryBytes: amountOf('memory', memory),
    pods: amountOf('pods', pods),
    extended: new Map(Object.entries(others).map(([name, quantity]) => [name, amountOf(name, quantity)])),
  };
}
