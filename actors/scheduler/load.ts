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

/** What a pod asks for: its containers together, or its most demanding init container where that is more. */
export function podLoad(pod: Pod): Load {
  const spec = pod.spec;
  const sum: Amounts = new Map();
  const guessed: Amounts = new Map();
  for (const container of spec?.containers ?? []) addContainer(sum, guessed, container);
  const before: Amounts = new Map();
  const guessedBefore: Amounts = new Map();
  const most: Amounts = new Map();
  const guessedMost: Amounts = new Map();
  for (const container of spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      addContainer(sum, guessed, container);
      addContainer(before, guessedBefore, container);
      continue;
    }
    const alone: Amounts = new Map();
    const guessedAlone: Amounts = new Map();
    addContainer(alone, guessedAlone, container);
    raise(most, alone, before);
    raise(guessedMost, guessedAlone, guessedBefore);
  }
  // Only now: a sidecar that comes later runs beside the containers, not beside what has ended before it began.
  raise(sum, most);
  raise(guessed, guessedMost);
  for (const [name, quantity] of Object.entries(spec?.overhead ?? {})) {
    plus(sum, name, amountOf(name, quantity));
    plus(guessed, name, amountOf(name, quantity));
  }
  const cpu = sum.get('cpu') ?? 0;
  const memory = sum.get('memory') ?? 0;
  for (const [name, amount] of sum) if (amount === 0 || name === 'cpu' || name === 'memory') sum.delete(name);
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
  plus(guessed, 'cpu', requests['cpu'] === undefined ? GUESS_CPU_MILLIS : amountOf('cpu', requests['cpu']));
  plus(
    guessed,
    'memory',
    requests['memory'] === undefined ? GUESS_MEMORY_BYTES : amountOf('memory', requests['memory']),
  );
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
