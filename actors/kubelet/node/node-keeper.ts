import { defer, type Observable, of, Subject, throwError } from 'rxjs';
import { catchError, map, mergeMap, tap } from 'rxjs/operators';
import { StatusError } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Node, ObjectMeta } from '../../../contracts/kinds/kinds.ts';
import { cpuMillis, wholeUnits } from '../../../contracts/quantity.ts';
import type { RuntimeInfo } from '../../../contracts/runtime/status.ts';
import type { Cell, Json } from '../../kernel/contract.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import type { PodDesk } from '../pods/pod-desk.ts';
import {
  bootOf,
  type NodeHealth,
  type NodeOptions,
  nodeObject,
  nodeStatus,
  tellsOurHealth,
  UNANSWERED,
} from './plan-node.ts';

const TIMEOUT_MS = 10_000;

/** Makes the node known and keeps its status true. */
export class NodeKeeper {
  readonly #world: KubeletWorld;
  readonly #options: NodeOptions;
  readonly #desk: PodDesk;
  readonly #flips = new Subject<void>();
  /** Emits when the node became ready, or is no longer. */
  readonly flips$: Observable<void> = this.#flips.asObservable();
  /** The machine as it was last heard of: a runtime that is down does not tell. */
  #info: RuntimeInfo | undefined;
  /** The Node as it was last heard of. */
  #node: Node | undefined;

  constructor(world: KubeletWorld, options: NodeOptions, desk: PodDesk) {
    this.#world = world;
    this.#options = options;
    this.#desk = desk;
  }

  /** A cell keeps it over a rehearsed crash: a runtime that is down then does not seem to be up, nor one that is up unheard. */
  get health(): NodeHealth {
    return (this.#cell.get() ?? UNANSWERED) as NodeHealth;
  }
  get metadata(): ObjectMeta {
    return this.#node?.metadata ?? { name: this.#options.node };
  }
  /** @returns whether that is news */
  setHealth(health: NodeHealth): boolean {
    const before = this.health;
    const news = health.ready !== before.ready;
    if (!sameJson(health, before)) this.#cell.set({ ...health });
    if (news) this.#flips.next();
    return news;
  }
  get #cell(): Cell<Json> {
    return this.#world.cell<Json>('health', null);
  }
  /** Did another machine's kubelet write the Node, over what this one had written? */
  isRivals(node: Node): boolean {
    const { bootId = '' } = this.#options;
    return bootId !== '' && bootOf(this.#node) === bootId && !['', bootId].includes(bootOf(node));
  }
  /** Somebody wrote the Node. @returns whether it must be corrected */
  heard(node: Node): boolean {
    this.#node = node;
    return !tellsOurHealth(node, this.health);
  }

  /** Somebody deleted the Node; as long as this kubelet lives, it is there. */
  deleted(): void {
    this.#node = undefined;
  }

  /** Asks the machine what it is, and writes the Node. Emits once it is written; errors with what refused it. */
  register(): Observable<'registered'> {
    const { say } = this.#world;
    const known = this.#info;
    return this.#world.ask(say.info({}, {}), { timeoutMs: TIMEOUT_MS }).pipe(
      tap(() => {
        // That is an answer, too. Of one that was there and went away, its lists tell.
        if (this.health.unanswered === true) this.setHealth({ ready: true });
      }),
      catchError((error: unknown) => (known === undefined ? refuse(error) : of(known))),
      mergeMap((info) => {
        this.#learn(info);
        return this.#node === undefined ? this.#create(info) : this.#patch(info);
      }),
      map((node): 'registered' => {
        this.#node = node;
        return 'registered';
      }),
    );
  }

  #learn(info: RuntimeInfo): void {
    const { node: name, ip, capacity } = this.#options;
    const facts = {
      name,
      ip,
      runtime: info.runtime,
      cpuMillis: capacity?.cpu === undefined ? info.cpuMillis : cpuMillis(capacity.cpu),
      memoryBytes: capacity?.memory === undefined ? info.memoryBytes : wholeUnits(capacity.memory),
    };
    this.#info = info;
    this.#desk.facts = facts;
  }

  #create(info: RuntimeInfo): Observable<Node> {
    const name = this.#options.node;
    return defer(() => {
      const status = nodeStatus(this.#options, info, this.health, undefined, this.#world.now());
      return this.#world.ask(this.#world.say.createNode({ name }, nodeObject(this.#options, info, status)), {
        timeoutMs: TIMEOUT_MS,
      });
    }).pipe(catchError((error: unknown) => (is(error, 'AlreadyExists') ? this.#patch(info) : refuse(error))));
  }

  #patch(info: RuntimeInfo): Observable<Node> {
    const name = this.#options.node;
    return defer(() => {
      const status = nodeStatus(this.#options, info, this.health, this.#node?.status, this.#world.now());
      return this.#world.ask(this.#world.say.patchNodeStatus({ name }, { status }), { timeoutMs: TIMEOUT_MS });
    }).pipe(
      catchError((error: unknown) => {
        if (!is(error, 'NotFound')) return refuse(error);
        this.#node = undefined; // deleted while we live: made again at the next try
        return refuse(error);
      }),
    );
  }
}

const is = (error: unknown, reason: string): boolean => error instanceof StatusError && error.reason === reason;
const refuse = (error: unknown): Observable<never> => throwError(() => error);
