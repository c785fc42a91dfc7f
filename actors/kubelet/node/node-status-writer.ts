import { defer, type Observable, of, throwError } from 'rxjs';
import { catchError, map, mergeMap, tap } from 'rxjs/operators';
import { StatusError } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Node, ObjectMeta } from '../../../contracts/kinds/kinds.ts';
import { cpuMillis, wholeUnits } from '../../../contracts/quantity.ts';
import type { RuntimeInfo } from '../../../contracts/runtime/status.ts';
import type { Cell, Json } from '../../kernel/contract.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import type { Pressure } from '../pressure/pressure-conditions.ts';
import type { PodStateStore } from '../pods/pod-state-store.ts';
import {
  bootOf,
  hasOurConditions,
  type KnownNode,
  knownNode,
  type NodeHealth,
  nodeObject,
  nodeStatus,
} from './plan-node-status.ts';
import type { NodeOptions } from './node-options.ts';
import { nodeResources } from './node-resources.ts';
import type { RuntimeHealth } from './runtime-health.ts';

const TIMEOUT_MS = 10_000;

/**
 * Registers the Node and writes its status. What is known of the Node and of the machine is kept in cells: without the
 * conditions before, a write after a checkpoint would move every `lastTransitionTime`.
 */
export class NodeStatusWriter {
  readonly #world: KubeletWorld;
  readonly #options: NodeOptions;
  readonly #health: RuntimeHealth;
  readonly #state: PodStateStore;
  readonly #pressures: () => readonly Pressure[];

  /** @param pressures that the node has now */
  constructor(
    world: KubeletWorld,
    options: NodeOptions,
    { health, state }: { readonly health: RuntimeHealth; readonly state: PodStateStore },
    pressures: () => readonly Pressure[],
  ) {
    this.#pressures = pressures;
    this.#world = world;
    this.#options = options;
    this.#health = health;
    this.#state = state;
  }

  get metadata(): ObjectMeta {
    return this.#known?.metadata ?? { name: this.#options.node };
  }

  /** Whether the kubelet of another machine wrote this version of the Node, over what this kubelet had written. */
  isOtherMachines(node: Node): boolean {
    const { bootId = '' } = this.#options;
    return bootId !== '' && this.#known?.bootId === bootId && !['', bootId].includes(bootOf(node));
  }

  /** The stored Node changed. @returns whether its conditions must be corrected */
  changed(node: Node): boolean {
    this.#setKnown(node);
    return !hasOurConditions(node, this.#verdict);
  }

  /** The stored Node was deleted; the next `write` creates it again. */
  deleted(): void {
    this.#setKnown(undefined);
  }

  /**
   * Asks the runtime what the machine is, then creates the Node or patches its status. Emits once it is written; errors
   * with the failure of the request.
   */
  write(): Observable<'written'> {
    const { say } = this.#world;
    return this.#world.ask(say.info({}, {}), { timeoutMs: TIMEOUT_MS }).pipe(
      tap(() => {
        // The first answer makes the node ready. Whether a runtime that failed later is back, lists decide.
        if (this.#health.isUnanswered) this.#health.answered();
      }),
      catchError((error: unknown) => {
        const info = this.#infoCell.get(); // a runtime that is down does not answer; the machine is the same
        return info === null ? refuse(error) : of(info as unknown as RuntimeInfo);
      }),
      mergeMap((info) => {
        this.#keepInfo(info);
        return this.#known === undefined ? this.#create(info) : this.#patch(info);
      }),
      map((node): 'written' => {
        this.#setKnown(node);
        return 'written';
      }),
    );
  }

  /** As stored; absent until the Node is known. */
  get labels(): Readonly<Record<string, string>> | undefined {
    return this.#known?.labels;
  }

  get #verdict(): NodeHealth {
    return { ...this.#health.current, pressures: this.#pressures() };
  }
  get #known(): KnownNode | undefined {
    return (this.#nodeCell.get() ?? undefined) as KnownNode | undefined;
  }
  #setKnown(node: Node | undefined): void {
    const known = node === undefined ? null : knownNode(node, this.#options.node);
    if (!sameJson(known, this.#nodeCell.get())) this.#nodeCell.set(known as unknown as Json);
  }
  get #nodeCell(): Cell<Json> {
    return this.#world.cell<Json>('node', null);
  }
  get #infoCell(): Cell<Json> {
    return this.#world.cell<Json>('runtime-info', null);
  }

  #keepInfo(info: RuntimeInfo): void {
    const { node: name, ip } = this.#options;
    const has = nodeResources(this.#options, info).allocatable;
    const storage = has['ephemeral-storage'];
    if (!sameJson(info, this.#infoCell.get())) this.#infoCell.set({ ...info } as unknown as Json);
    this.#state.facts = {
      name,
      ip,
      runtime: info.runtime,
      cpuMillis: cpuMillis(has['cpu']),
      memoryBytes: wholeUnits(has['memory']),
      pods: wholeUnits(has['pods']),
      ...(storage === undefined ? {} : { ephemeralStorageBytes: wholeUnits(storage) }),
    };
  }

  #create(info: RuntimeInfo): Observable<Node> {
    const name = this.#options.node;
    return defer(() => {
      const status = nodeStatus(this.#options, info, this.#verdict, undefined, this.#world.now());
      return this.#world.ask(this.#world.say.createNode({ name }, nodeObject(this.#options, info, status)), {
        timeoutMs: TIMEOUT_MS,
      });
    }).pipe(catchError((error: unknown) => (is(error, 'AlreadyExists') ? this.#patch(info) : refuse(error))));
  }

  #patch(info: RuntimeInfo): Observable<Node> {
    const name = this.#options.node;
    return defer(() => {
      const status = nodeStatus(this.#options, info, this.#verdict, this.#known, this.#world.now());
      return this.#world.ask(this.#world.say.patchNodeStatus({ name }, { status }), { timeoutMs: TIMEOUT_MS });
    }).pipe(
      catchError((error: unknown) => {
        if (is(error, 'NotFound')) this.deleted(); // the retry creates it
        return refuse(error);
      }),
    );
  }
}

const is = (error: unknown, reason: string): boolean => error instanceof StatusError && error.reason === reason;
const refuse = (error: unknown): Observable<never> => throwError(() => error);
