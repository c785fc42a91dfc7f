import type { Container, Pod, Quantity } from '../../contracts/kinds/kinds.ts';
import { cpuMillis, wholeUnits } from '../../contracts/quantity.ts';

/** What pods take of a node, or what a node has to give. Whole numbers, so that sums don't depend on their order. */
export interface Load {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
  /** Every other resource by name. */
  readonly extended: ReadonlyMap<string, number>;
  /** As `cpuMillis` and `memoryBytes`, with a guess for containers that ask for nothing, so that they are spread too. */
  readonly guessedCpuMillis: number;
  readonly guessedMemoryBytes: number;
  /** `protocol/ip/port` of host ports, with how many pods have it. */
  readonly hostPorts: ReadonlyMap<string, number>;
}

const GUESS_CPU_MILLIS = 100;
const GUESS_MEMORY_BYTES = 200 * 2 ** 20;
const NOTHING: ReadonlyMap<string, number> = new Map();

export const NO_LOAD: Load = {
  cpuMillis: 0,
  memoryBytes: 0,
  pods: 0,
  extended: NOTHING,
  guessedCpuMillis: 0,
  guessedMemoryBytes: 0,
  hostPorts: NOTHING,
};

type Amounts = Map<string, number>;

/** What a pod asks for: its containers together, or its most demanding init container where that is more. */
export function podLoad(pod: Pod): Load {
  const spec = pod.spec;
  const sum: Amounts = new Map();
  const guessed: Amounts = new Map();
  for (const container of spec?.containers ?? []) addContainer(sum, guessed, container);
  const before: Amounts = new Map();
  const guessedBefore: Amounts = new Map();
  for (const container of spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      addContainer(sum, guessed, container);
      addContainer(before, guessedBefore, container);
      continue;
    }
    const alone = new Map(before);
    const guessedAlone = new Map(guessedBefore);
    addContainer(alone, guessedAlone, container);
    raise(sum, alone);
    raise(guessed, guessedAlone);
  }
  for (const [name, quantity] of Object.entries(spec?.overhead ?? {})) {
    plus(sum, name, amountOf(name, quantity));
    plus(guessed, name, amountOf(name, quantity));
  }
  const cpu = sum.get('cpu') ?? 0;
  const memory = sum.get('memory') ?? 0;
  sum.delete('cpu');
  sum.delete('memory');
  return {
    cpuMillis: cpu,
    memoryBytes: memory,
    pods: 1,
    extended: sum.size === 0 ? NOTHING : sum,
    guessedCpuMillis: guessed.get('cpu') ?? 0,
    guessedMemoryBytes: guessed.get('memory') ?? 0,
    hostPorts: hostPorts(pod),
  };
}

function addContainer(sum: Amounts, guessed: Amounts, { resources }: Container): void {
  const requests = resources?.requests ?? {};
  for (const name in requests) plus(sum, name, amountOf(name, requests[name]));
  plus(guessed, 'cpu', requests['cpu'] === undefined ? GUESS_CPU_MILLIS : cpuMillis(requests['cpu']));
  plus(guessed, 'memory', requests['memory'] === undefined ? GUESS_MEMORY_BYTES : wholeUnits(requests['memory']));
}

const amountOf = (name: string, quantity: Quantity | undefined): number =>
  name === 'cpu' ? cpuMillis(quantity) : wholeUnits(quantity);
const plus = (sum: Amounts, name: string, amount: number): void => void sum.set(name, (sum.get(name) ?? 0) + amount);
const raise = (sum: Amounts, to: Amounts): void => {
  for (const [name, amount] of to) if (amount > (sum.get(name) ?? 0)) sum.set(name, amount);
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

/** `a + sign * b`; resources and ports that come to nothing are left out. */
export function combine(a: Load, b: Load, sign: 1 | -1): Load {
  return {
    cpuMillis: a.cpuMillis + sign * b.cpuMillis,
    memoryBytes: a.memoryBytes + sign * b.memoryBytes,
    pods: a.pods + sign * b.pods,
    extended: combineMaps(a.extended, b.extended, sign),
    guessedCpuMillis: a.guessedCpuMillis + sign * b.guessedCpuMillis,
    guessedMemoryBytes: a.guessedMemoryBytes + sign * b.guessedMemoryBytes,
    hostPorts: combineMaps(a.hostPorts, b.hostPorts, sign),
  };
}

function combineMaps(
  a: ReadonlyMap<string, number>,
  b: ReadonlyMap<string, number>,
  sign: 1 | -1,
): ReadonlyMap<string, number> {
  if (b.size === 0) return a;
  const sum = new Map(a);
  for (const [name, amount] of b) {
    const next = (sum.get(name) ?? 0) + sign * amount;
    if (next === 0) sum.delete(name);
    else sum.set(name, next);
  }
  return sum;
}

/** What a node has to give; the default of 110 pods is the kubelet's. */
export function allocatableLoad(allocatable: Readonly<Record<string, Quantity>> = {}): Load {
  const { cpu, memory, pods, ...others } = allocatable;
  return {
    ...NO_LOAD,
    cpuMillis: cpuMillis(cpu),
    memoryBytes: wholeUnits(memory),
    pods: pods === undefined ? 110 : wholeUnits(pods),
    extended: new Map(Object.entries(others).map(([name, quantity]) => [name, wholeUnits(quantity)])),
  };
}
