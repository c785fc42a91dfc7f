import { type TestWorld, testWorld } from '../../actors/kernel/testing/test-world.ts';
import { kubelet } from '../../actors/kubelet/kubelet.ts';
import { StatusError } from '../../contracts/errors/status.ts';
import type { RuntimeOp } from '../../contracts/runtime/ops.ts';
import type { RuntimeInfo } from '../../contracts/runtime/status.ts';
import { nodeUser } from '../../contracts/subjects/users.ts';
import { ModelRuntime } from '../support/model-runtime.ts';
import type { Dice } from './dice.ts';
import type { Clock } from './time.ts';

const INFO: RuntimeInfo = {
  runtime: 'model',
  version: '1',
  operatingSystem: 'linux',
  osImage: 'none',
  kernelVersion: '6',
  architecture: 'amd64',
  cpuMillis: 4_000,
  memoryBytes: 8 * 2 ** 30,
};

/** A container of this name ends by itself. */
export const INIT = 'init';
/** In each tick, of those that run; and of those that end, so many fail. */
const INIT_ENDS = 1 / 4;
const INIT_FAILS = 1 / 4;

/** A machine of a simulated world: an engine, which outlives everything, and the kubelet that drives it. */
export class SimNode {
  readonly name: string;
  readonly runtime = new ModelRuntime();
  kubelet: TestWorld;
  /** As the kubelet's process tells it. */
  time: () => number;
  readonly #clock: Clock;
  #boots = 0;

  constructor(name: string, clock: Clock, seed: readonly number[]) {
    this.name = name;
    this.#clock = clock;
    this.runtime.now = clock.now;
    this.time = clock.ofProcess();
    this.kubelet = this.#newKubelet(seed);
  }

  /** The worker was killed; containers run on. */
  restartKubelet(seed: readonly number[]): void {
    this.time = this.#clock.ofProcess();
    this.kubelet = this.#newKubelet(seed);
  }

  /** The machine went down and came up again. */
  reboot(seed: readonly number[]): void {
    this.#boots += 1;
    for (const { id } of this.runtime.sandboxes) this.runtime.sandboxDies(id);
    this.restartKubelet(seed);
  }

  #newKubelet(seed: readonly number[]): TestWorld {
    const options = {
      node: this.name,
      ip: '10.1.0.1',
      version: 'v1.36.0',
      bootId: `boot-${this.#boots}`,
    };
    const self = { caller: nodeUser(this.name), instance: this.name };
    return testWorld(kubelet(options), { now: this.time(), self, seed });
  }

  /** Time goes on. @returns whether a container ended */
  advance(dice: Dice): boolean {
    this.runtime.now = this.#clock.now;
    const ends = this.runtime.containers.filter(
      ({ name, state }) => name === INIT && state === 'running' && dice.happens(INIT_ENDS),
    );
    for (const { id } of ends) this.runtime.exit(id, dice.happens(INIT_FAILS) ? 1 : 0);
    return ends.length > 0;
  }

  /** What the runtime driver would answer. */
  answer(op: RuntimeOp, body: unknown): unknown {
    if (op === 'info') return INFO;
    try {
      return this.runtime.do(op, body as never);
    } catch (error) {
      if (error instanceof StatusError) return error.status;
      throw error;
    }
  }
}
