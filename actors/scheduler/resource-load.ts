import type { Container, Pod, Quantity } from '../../contracts/kinds/kinds.ts';
import { cpuMillis, wholeUnits } from '../../contracts/quantity.ts';

/**
 * What pods take of a node, or what a node has to give. Whole numbers that end at `MOST`, so that sums don't depend on
 * their order.
 */
export interface Load {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
  /** Every other resource by name; of pods only what they ask for. */
  readonly extended: ReadonlyMap<string, number>;
  /** As `cpuMillis` and `memoryBytes`, with a guess for containers that ask for nothing, so that they are spread too. */
  readonly guessedCpuMillis: number;
  readonly guessedMemoryBytes: number;
  /** `protocol/ip/port` of host ports, with how many pods have it. */
  readonly hostPorts: ReadonlyMap<string, number>;
}

/** The largest number up to which all are told apart; more than that is as good as that. */
const MOST = Number.MAX_SAFE_INTEGER;
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

/** What a pod asks for. */
export function podLoad(pod: Pod): Load {
  const asked = demand(pod, addRequests);
  const guessed = demand(pod, addGuesses);
  const cpuMillis = asked.get('cpu') ?? 0;
  const memoryBytes = asked.get('memory') ?? 0;
  for (const [name, amount] of asked) if (amount === 0 || name === 'cpu' || name === 'memory') asked.delete(name);
  return {
    cpuMillis,
    memoryBytes,
    pods: 1,
    extended: asked.size === 0 ? NOTHING : asked,
    guessedCpuMillis: guessed.get('cpu') ?? 0,
    guessedMemoryBytes: guessed.get('memory') ?? 0,
    hostPorts: hostPorts(pod),
  };
}

/** Of a pod's containers together, or of its most demanding init container where that is more. */
function demand({ spec }: Pod, add: (sum: Amounts, container: Container) => void): Amounts {
  const sum: Amounts = new Map();
  for (const container of spec?.containers ?? []) add(sum, container);
  const before: Amounts = new Map();
  const most: Amounts = new Map();
  for (const container of spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(sum, container);
      add(before, container);
      continue;
    }
    const alone: Amounts = new Map();
    add(alone, container);
    raise(most, alone, before);
  }
  // Only now: a sidecar that comes later runs beside the containers, not beside what has ended before it began.
  raise(sum, most);
  for (const [name, quantity] of Object.entries(spec?.overhead ?? {})) plus(sum, name, amountOf(name, quantity));
  return sum;
}

function addRequests(sum: Amounts, { resources }: Container): void {
  const requests = resources?.requests ?? {};
  for (const name in requests) plus(sum, name, amountOf(name, requests[name]));
}

function addGuesses(sum: Amounts, { resources }: Container): void {
  const { cpu, memory } = resources?.requests ?? {};
  plus(sum, 'cpu', cpu === undefined ? GUESS_CPU_MILLIS : amountOf('cpu', cpu));
  plus(sum, 'memory', memory === undefined ? GUESS_MEMORY_BYTES : amountOf('memory', memory));
}

const amountOf = (name: string, quantity: Quantity | undefined): number =>
  Math.min(MOST, Math.max(0, name === 'cpu' ? cpuMillis(quantity) : wholeUnits(quantity)));
const plus = (sum: Amounts, name: string, amount: number): void =>
  void sum.set(name, Math.min(MOST, (sum.get(name) ?? 0) + amount));
/** @param beside what is taken at the same time */
const raise = (sum: Amounts, to: Amounts, beside: ReadonlyMap<string, number> = NOTHING): void => {
  for (const [name, amount] of to) {
    const all = Math.min(MOST, amount + (beside.get(name) ?? 0));
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
 * A sum without one of its loads; resources and ports that come to nothing are left out.
 * @param rest all the others, read where the sum has run into `MOST` and no longer tells what they come to
 */
export const without = (sum: Load, one: Load, rest: () => readonly Load[]): Load =>
  isExact(sum) ? signed(sum, one, -1) : rest().reduce(combine, NO_LOAD);

function isExact(sum: Load): boolean {
  for (const amount of sum.extended.values()) if (amount >= MOST) return false;
  return sum.guessedCpuMillis < MOST && sum.guessedMemoryBytes < MOST; // guesses are never less
}

function signed(a: Load, b: Load, sign: 1 | -1): Load {
  const sum = (x: number, y: number): number => Math.min(MOST, x + sign * y);
  return {
    cpuMillis: sum(a.cpuMillis, b.cpuMillis),
    memoryBytes: sum(a.memoryBytes, b.memoryBytes),
    pods: a.pods + sign * b.pods,
    extended: signedMaps(a.extended, b.extended, sign),
    guessedCpuMillis: sum(a.guessedCpuMillis, b.guessedCpuMillis),
    guessedMemoryBytes: sum(a.guessedMemoryBytes, b.guessedMemoryBytes),
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
    const next = Math.min(MOST, (sum.get(name) ?? 0) + sign * amount);
    if (next === 0) sum.delete(name);
    else sum.set(name, next);
  }
  return sum;
}

/** What a node has to give: nothing of what it does not name. */
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
