import { type Observable, Subject } from 'rxjs';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import { RUNTIME_UNANSWERED } from '../../../contracts/kinds/node/node.ts';
import { HEARTBEAT_MESSAGE_MAX } from '../../../contracts/messages/node.ts';
import { printable } from '../../../contracts/printable.ts';
import type { Cell, Json, World } from '../../kernel/contract.ts';
import { type NodeHealth, UNANSWERED } from './plan-node-status.ts';

/** The node becomes not ready when this many lists in a row fail. */
const FAILURES_TOLERATED = 3;

/** Whether the node is ready, by the answers of its container runtime. In a cell: a checkpoint must not change it. */
export class RuntimeHealth {
  readonly #world: World<unknown>;
  readonly #changes = new Subject<void>();
  /** Emits when `ready` changes. */
  readonly changes$: Observable<void> = this.#changes.asObservable();

  constructor(world: World<unknown>) {
    this.#world = world;
  }

  get current(): NodeHealth {
    return (this.#cell.get() ?? UNANSWERED) as NodeHealth;
  }
  /** Whether the runtime has not answered since the kubelet started. */
  get isUnanswered(): boolean {
    return this.current.unanswered === true;
  }

  /** The runtime answered. @returns whether `ready` changed */
  answered(): boolean {
    return this.#set({ ready: true });
  }

  /**
   * A list of the runtime failed.
   * @param failures in a row
   * @returns whether `ready` changed
   */
  failed(error: unknown, failures: number): boolean {
    const tolerated = failures < FAILURES_TOLERATED;
    if (tolerated && !this.isUnanswered) return false;
    const finding = tolerated ? RUNTIME_UNANSWERED : 'container runtime is down';
    const words = `${finding}: ${error instanceof Error ? error.message : String(error)}`;
    const message = printable(words, HEARTBEAT_MESSAGE_MAX);
    return this.#set(tolerated ? { ...UNANSWERED, message } : { ready: false, message });
  }

  #set(health: NodeHealth): boolean {
    const before = this.current;
    const changed = health.ready !== before.ready;
    if (!sameJson(health, before)) this.#cell.set({ ...health });
    if (changed) this.#changes.next();
    return changed;
  }
  get #cell(): Cell<Json> {
    return this.#world.cell<Json>('health', null);
  }
}
