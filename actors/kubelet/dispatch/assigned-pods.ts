import { dispatchDigest } from '../../../contracts/messages/dispatch-digest.ts';
import type { DispatchAnswer, DispatchedPod, NodePods } from '../../../contracts/messages/node.ts';
import type { Json, World } from '../../kernel/contract.ts';
import { uidOf } from '../pods/pod-types.ts';

type Position = {
  readonly epoch: number;
  readonly begunAt: number;
  readonly counter: number;
  readonly whole: boolean;
  /** Since its last whole list this dispatcher sent an older version of a pod: its view lags, or the store was restored. */
  readonly older?: boolean;
};
/** The result of a message: which pods changed, and whether the dispatcher must be asked for the whole list. */
export interface Applied {
  readonly woken: readonly string[];
  readonly ask: boolean;
}

type Sender = Pick<NodePods, 'epoch' | 'begunAt'>;
/**
 * Whether a dispatcher started later under an older epoch: the store was restored from a backup, epochs included. The same
 * epoch counts too: when one backup is restored twice, both dispatchers may get the same number.
 */
const wentBack = (sender: Sender, known: Position): boolean =>
  sender.epoch <= known.epoch && (sender.begunAt ?? 0) > known.begunAt;

const versionOf = ({ pod }: DispatchedPod): number => Number(pod.metadata?.resourceVersion ?? 0);

/** The pods that the dispatcher assigned to this node, each in a cell, and the position in the dispatcher's messages. */
export class AssignedPods {
  readonly #world: World<unknown>;

  constructor(world: World<unknown>) {
    this.#world = world;
  }

  /** Whether the whole list arrived, so that a pod that is not in it does not exist. */
  get whole(): boolean {
    return this.#position.get().whole;
  }
  /** Identifies the dispatcher of the last message; `undefined` before the first. Not its epoch alone: see `wentBack`. */
  get dispatcher(): string | undefined {
    const { epoch, begunAt } = this.#position.get();
    return epoch < 0 ? undefined : `${epoch}/${begunAt}`;
  }
  get uids(): readonly string[] {
    return this.#world.cellNames('pod/').map((name) => name.slice('pod/'.length));
  }
  get(uid: string): DispatchedPod | undefined {
    return (this.#cell(uid).get() ?? undefined) as DispatchedPod | undefined;
  }
  find(namespace: string, name: string): DispatchedPod | undefined {
    const found = this.uids.map((uid) => this.get(uid));
    return found.find((each) => each?.pod.metadata?.namespace === namespace && each.pod.metadata.name === name);
  }
  digest(): string {
    return dispatchDigest(this.uids.flatMap((uid) => this.get(uid) ?? []));
  }

  /**
   * Applies an update. A gap in its counter, or another dispatcher, means that updates are missing: the update is applied
   * all the same, and the whole list must be asked for.
   */
  applyUpdate(message: NodePods): Applied {
    const known = this.#position.get();
    const { epoch, counter, whole } = known;
    const back = wentBack(message, known);
    const old = message.epoch < epoch || (message.epoch === epoch && message.counter <= counter);
    // After a restore an update may be older than what is known: only the whole list counts.
    if (back || old) return { woken: [], ask: back };
    const older =
      message.changed.some((one) => this.#isOlder(one)) || (message.epoch === epoch && known.older === true);
    const begunAt = message.begunAt ?? 0;
    this.#position.set({ epoch: message.epoch, begunAt, counter: message.counter, whole, ...(older ? { older } : {}) });
    const woken = [
      ...this.#keep(message.changed),
      ...message.removed.filter(({ uid }) => this.#drop(uid)).map(({ uid }) => uid),
    ];
    return { woken, ask: message.epoch !== epoch || message.counter !== counter + 1 };
  }

  /** Applies the answer to a request for the whole list. `ask`: newer updates overtook it. */
  applyList(answer: DispatchAnswer): Applied {
    const known = this.#position.get();
    const { epoch, counter, whole } = known;
    const back = wentBack(answer, known);
    const overtaken = !back && (answer.epoch < epoch || (answer.epoch === epoch && answer.counter < counter));
    // Its pods may have been removed since, and a removed pod must not be started again.
    if (overtaken) return { woken: [], ask: true };
    const changed = this.#keep(answer.pods ?? [], true);
    const listed = new Set(answer.listed ?? (answer.pods ?? []).map(({ pod }) => uidOf(pod)));
    // Parts of a long list come as updates before the answer. After a restore they were ignored: those pods are outdated.
    const ignored = back || (answer.epoch === epoch && known.older === true);
    if (ignored) this.#dropAll(listed, new Set(changed));
    // A part may also have been lost.
    const lacks = [...listed].some((uid) => this.get(uid) === undefined);
    const { begunAt = 0 } = answer;
    this.#position.set({ epoch: answer.epoch, begunAt, counter: answer.counter, whole: !lacks || (whole && !ignored) });
    const gone = answer.pods === undefined ? [] : this.uids.filter((uid) => !listed.has(uid) && this.#drop(uid));
    if (lacks) return { woken: [...changed, ...gone], ask: true };
    // The first whole list: now every pod can be planned, since what runs and is not listed belongs to no pod.
    return { woken: whole ? [...changed, ...gone] : [...new Set([...this.uids, ...gone])], ask: false };
  }

  get #position() {
    return this.#world.cell<Position>('feed', { epoch: -1, begunAt: 0, counter: -1, whole: false });
  }
  #cell(uid: string) {
    return this.#world.cell<Json>(`pod/${uid}`, null);
  }
  /** @param olderToo also keep a version older than the known one: the newest whole list is right in any case */
  #keep(pods: readonly DispatchedPod[], olderToo = false): readonly string[] {
    const woken: string[] = [];
    for (const dispatched of pods) {
      const uid = uidOf(dispatched.pod);
      if (!olderToo && this.#isOlder(dispatched)) continue;
      this.#cell(uid).set(dispatched as unknown as Json);
      woken.push(uid);
    }
    return woken;
  }
  #isOlder(dispatched: DispatchedPod): boolean {
    const known = this.get(uidOf(dispatched.pod));
    return known !== undefined && versionOf(known) > versionOf(dispatched);
  }
  #dropAll(uids: Iterable<string>, except: ReadonlySet<string>): void {
    for (const uid of uids) if (!except.has(uid)) this.#drop(uid);
  }
  #drop(uid: string): boolean {
    if (this.get(uid) === undefined) return false;
    this.#cell(uid).drop();
    return true;
  }
}
