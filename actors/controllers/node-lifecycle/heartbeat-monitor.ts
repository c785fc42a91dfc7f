import { own } from '../../../contracts/json-values.ts';
import { HEARTBEAT_MESSAGE_MAX, type NodeHeartbeat } from '../../../contracts/messages/node.ts';
import { printable } from '../../../contracts/printable.ts';
import type { Call, Cell, Millis, World } from '../../kernel/contract.ts';
import { nameOf } from '../shared/object-meta.ts';
import type { Health } from './plan-ready-condition.ts';

/**
 * A node's last heartbeat: when it came, whether the runtime answered (null = none came yet, `at` is when the node was
 * first seen), and the kubelet's message if it did not.
 */
type Beat = { readonly at: Millis; readonly runtimeReady: boolean | null; readonly why?: string };
type Beats = { readonly [node: string]: Beat };
type Worldly = Pick<World<unknown>, 'cell' | 'now' | 'view'>;

/** The heartbeat in a message; empty when it cannot be decoded or names another node than its subject. */
export function heartbeatOf(call: Call<NodeHeartbeat, { readonly node: string }>): readonly NodeHeartbeat[] {
  try {
    const beat: Partial<NodeHeartbeat> | null = call.decode();
    const valid = beat?.node === call.tokens?.node && typeof beat?.runtimeReady === 'boolean';
    return valid ? [beat as NodeHeartbeat] : [];
  } catch {
    return [];
  }
}

function messageIn({ runtimeReady, message }: NodeHeartbeat): string | undefined {
  if (runtimeReady || typeof message !== 'string' || message === '') return undefined;
  return printable(message, HEARTBEAT_MESSAGE_MAX);
}

/**
 * The last heartbeat of each node, kept in cells. A monitor that receives none at all is more likely cut off itself, and
 * one that was paused received none meanwhile: from the moment at which heartbeats arrive again, every node gets the whole
 * grace period.
 * @see kubernetes pkg/controller/nodelifecycle: handleDisruption, "When exiting disruption mode update probe timestamps"
 */
export class HeartbeatMonitor {
  readonly #world: Worldly;
  readonly #graceMs: number;
  readonly #pausedMs: number;
  readonly #beats: Cell<Beats>;
  readonly #listening: Cell<{ readonly at: Millis }>;

  /**
   * @param graceMs  time without a heartbeat after which a node counts as unreachable
   * @param pausedMs time without a call of `trackNodes` or `receive` after which this process counts as paused
   */
  constructor(world: Worldly, graceMs: number, pausedMs: number) {
    this.#world = world;
    this.#graceMs = graceMs;
    this.#pausedMs = pausedMs;
    this.#beats = world.cell<Beats>('beats', {});
    this.#listening = world.cell<{ readonly at: Millis }>('listening', { at: world.now() });
  }

  /** @returns undefined while the first heartbeat may still come: then the node's condition stays as it is */
  healthOf(name: string): Health | undefined {
    const beat = own(this.#beats.get(), name);
    if (beat === undefined || this.#wasPaused()) return undefined;
    if (this.#world.now() - beat.at >= this.#graceMs) return 'unknown';
    return beat.runtimeReady === null ? undefined : beat.runtimeReady ? 'ready' : 'not-ready';
  }

  /** The kubelet's message about why its runtime does not answer. */
  messageOf(name: string): string | undefined {
    return own(this.#beats.get(), name)?.why;
  }

  /** Adds new nodes, whose grace period begins now, and removes deleted ones. */
  trackNodes(): void {
    if (this.#wasPaused()) this.#beats.set({});
    this.#listening.set({ at: this.#world.now() });
    const known = this.#beats.get();
    const names = this.#world.view.list('nodes').map(nameOf);
    if (names.length === Object.keys(known).length && names.every((name) => Object.hasOwn(known, name))) return;
    const firstSeen: Beat = { at: this.#world.now(), runtimeReady: null };
    this.#beats.set(Object.fromEntries(names.map((name) => [name, own(known, name) ?? firstSeen])));
  }

  /** @returns names of the nodes whose health or message changed */
  receive(heartbeats: readonly NodeHeartbeat[]): readonly string[] {
    this.trackNodes();
    this.#restartGraceAfterDisruption(heartbeats);
    const known = this.#beats.get();
    const beats: Record<string, Beat> = { ...known };
    const changed = new Set<string>();
    for (const heartbeat of heartbeats) {
      const { node, runtimeReady } = heartbeat;
      if (!Object.hasOwn(known, node)) continue;
      const why = messageIn(heartbeat);
      if (this.healthOf(node) !== (runtimeReady ? 'ready' : 'not-ready') || this.messageOf(node) !== why)
        changed.add(node);
      beats[node] = { at: this.#world.now(), runtimeReady, ...(why === undefined ? {} : { why }) };
    }
    this.#beats.set(beats);
    return [...changed];
  }

  #restartGraceAfterDisruption(heartbeats: readonly NodeHeartbeat[]): void {
    const names = Object.keys(this.#beats.get());
    const heardNone = names.length > 0 && names.every((name) => this.healthOf(name) === 'unknown');
    if (!heardNone || !heartbeats.some(({ node }) => names.includes(node))) return;
    this.#beats.set({});
    this.trackNodes();
  }

  #wasPaused(): boolean {
    return this.#world.now() - this.#listening.get().at >= this.#pausedMs;
  }
}
