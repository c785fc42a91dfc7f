import { type StatusError, statusError } from '../../contracts/errors/status.ts';
import { own } from '../../contracts/json-values.ts';
import type { RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import type { VolumeHost } from '../../contracts/runtime/volumes.ts';
import type { Clock } from '../../contracts/time/clock.ts';
import { realClock } from './real-clock.ts';
import { emptyNode, type SimulatedNode } from './simulated-node.ts';
import { SimulatedRuntime } from './simulated-runtime.ts';
import { SimulatedVolumes } from './simulated-volumes.ts';
import {
  drawLatency,
  type SimulatedConfig,
  type SimulatedImage,
  type SimulatedUsage,
  type SlowOp,
} from './simulation-config.ts';

/**
 * The machines of a simulation. Containers belong to the engine and outlive the adapters that created them, as with Docker.
 * A node costs a few maps, and a container a timer only while its end is scheduled.
 */
export class SimulatedEngine {
  readonly config: SimulatedConfig;
  readonly clock: Clock;
  readonly #random: () => number;
  readonly #nodes = new Map<string, SimulatedNode>();
  readonly #away = new Set<string>();
  readonly #faults: {
    readonly op: string;
    readonly node: string | undefined;
    times: number;
    readonly error: StatusError;
  }[] = [];
  #addresses = 0;

  /** @param random  uniform in [0, 1), for latencies that are ranges */
  constructor(config: SimulatedConfig = {}, given: { readonly clock?: Clock; readonly random?: () => number } = {}) {
    this.config = config;
    this.clock = given.clock ?? realClock;
    this.#random = given.random ?? Math.random;
  }

  /** A new adapter of a node; it sees the containers that earlier ones created. */
  runtime(node: string): RuntimeAdapter {
    return new SimulatedRuntime(this, node);
  }

  /** The volumes of a node; like `runtime`. */
  volumes(node: string): VolumeHost {
    return new SimulatedVolumes(this, node);
  }

  /** Both. */
  adapters(node: string): { readonly runtime: RuntimeAdapter; readonly volumes: VolumeHost } {
    return { runtime: this.runtime(node), volumes: this.volumes(node) };
  }

  /** While `false`, every call of this node fails with ServiceUnavailable; its containers keep running. */
  setReachable(node: string, reachable: boolean): void {
    if (!reachable) this.#away.add(node);
    else if (this.#away.delete(node)) this.node(node).notify({});
  }

  /** Makes the next `times` calls of an operation fail, on one node or on any. */
  failNext(op: string, error: StatusError, times = 1, node?: string): void {
    this.#faults.push({ op, node, times, error });
  }

  /** What the machine of a node has left from now on. */
  setUsage(node: string, usage: SimulatedUsage): void {
    this.node(node).usage = usage;
  }
  /** Ends a running container without any request to the adapter. */
  crash(node: string, containerId: string, exitCode: number, oomKilled = false): void {
    this.node(node).end(containerId, { exitCode, oomKilled, at: this.clock.now() });
  }

  node(name: string): SimulatedNode {
    let node = this.#nodes.get(name);
    if (node === undefined) this.#nodes.set(name, (node = emptyNode(name)));
    return node;
  }

  /** Waits for an operation's latency, then fails it if `failNext` or `setReachable` says so. @throws StatusError */
  async take(node: string, op: string, latency = this.config.latencyMs?.[op as SlowOp]): Promise<void> {
    this.#refuse(node, op);
    const delayMs = drawLatency(latency, this.#random);
    if (delayMs > 0) {
      await new Promise<void>((resolve) => void this.clock.after(delayMs, resolve));
      this.#refuse(node, op);
    }
    const at = this.#faults.findIndex((fault) => fault.op === op && (fault.node ?? node) === node);
    const fault = this.#faults[at];
    if (fault === undefined) return;
    fault.times -= 1;
    if (fault.times <= 0) this.#faults.splice(at, 1);
    throw fault.error;
  }

  /** @returns `undefined` when no registry has it */
  image(name: string): SimulatedImage | undefined {
    const known = own(this.config.images, name);
    if (known !== undefined) return known;
    return this.config.otherImages === false ? undefined : (this.config.otherImages ?? {});
  }

  nextAddress(): string {
    const n = ++this.#addresses;
    return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  }

  #refuse(node: string, op: string): void {
    if (this.#away.has(node)) {
      throw statusError(
        'ServiceUnavailable',
        `${op} on ${node}: the simulated engine is unreachable; make it reachable again`,
      );
    }
  }
}
