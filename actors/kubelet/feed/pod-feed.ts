import { dispatchDigest } from '../../../contracts/messages/dispatch-digest.ts';
import type { DispatchAnswer, DispatchedPod, NodePods } from '../../../contracts/messages/node.ts';
import type { Json, World } from '../../kernel/contract.ts';
import { uidOf } from '../pods/pod-types.ts';

type Feed = {
  readonly epoch: number;
  readonly begunAt: number;
  readonly counter: number;
  readonly whole: boolean;
  /** Since the last whole list this dispatcher told of a pod as it was before: its view lags, or the store went back in time. */
  readonly older?: boolean;
};

type Told = Pick<NodePods, 'epoch' | 'begunAt'>;
/**
 * A dispatcher that began later under an older epoch: the store went back in time, and its numbers with it. Under the same
 * one, too: of a backup that is put back twice, whoever begins may get the same number twice.
 */
const wentBack = (told: Told, known: Feed): boolean => told.epoch <= known.epoch && (told.begunAt ?? 0) > known.begunAt;

const versionOf = ({ pod }: DispatchedPod): number => Number(pod.metadata?.resourceVersion ?? 0);

/** What the dispatcher told: the pods of this node, each in a cell of its own, and how far the telling has come. */
export class PodFeed {
  readonly #world: World<unknown>;

  constructor(world: World<unknown>) {
    this.#world = world;
  }

  /** Was the whole list heard, so that a pod that is not here does not exist? */
  get whole(): boolean {
    return this.#feed.get().whole;
  }
  /** Which dispatcher was heard last; `undefined` before the first. After a restored backup another may have the same epoch. */
  get dispatcher(): string | undefined {
    const { epoch, begunAt } = this.#feed.get();
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
   * Takes what changed. A gap in the count, or a new dispatcher, means that something else may have changed too: what is
   * told is taken all the same, and the whole list is to be asked for.
   * @returns uids of the pods that changed
   */
  heard(message: NodePods): { readonly woken: readonly string[]; readonly ask: boolean } {
    const known = this.#feed.get();
    const { epoch, counter, whole } = known;
    const back = wentBack(message, known);
    const old = message.epoch < epoch || (message.epoch === epoch && message.counter <= counter);
    // What a restored store tells may be older than what is known: only its whole list is believed.
    if (back || old) return { woken: [], ask: back };
    const older =
      message.changed.some((one) => this.#isOlder(one)) || (message.epoch === epoch && known.older === true);
    const begunAt = message.begunAt ?? 0;
    this.#feed.set({ epoch: message.epoch, begunAt, counter: message.counter, whole, ...(older ? { older } : {}) });
    const woken = [
      ...this.#take(message.changed),
      ...message.removed.filter(({ uid }) => this.#drop(uid)).map(({ uid }) => uid),
    ];
    return { woken, ask: message.epoch !== epoch || message.counter !== counter + 1 };
  }

  /** Takes the answer to a question for the whole list. `ask`: it was overtaken, ask again. */
  answered(answer: DispatchAnswer): { readonly woken: readonly string[]; readonly ask: boolean } {
    const known = this.#feed.get();
    const { epoch, counter, whole } = known;
    const back = wentBack(answer, known);
    const overtaken = !back && (answer.epoch < epoch || (answer.epoch === epoch && answer.counter < counter));
    // What it lists may have been removed since: a pod that is gone must not be started again.
    if (overtaken) return { woken: [], ask: true };
    const changed = this.#take(answer.pods ?? [], true);
    const listed = new Set(answer.listed ?? (answer.pods ?? []).map(({ pod }) => uidOf(pod)));
    // Parts of a restored store's long list that were told beforehand were refused: of those pods only what was before is known.
    const refused = back || (answer.epoch === epoch && known.older === true);
    if (refused) this.#dropAll(listed, new Set(changed));
    // Part of a long list was told beforehand, and may have got lost.
    const lacks = [...listed].some((uid) => this.get(uid) === undefined);
    const { begunAt = 0 } = answer;
    this.#feed.set({ epoch: answer.epoch, begunAt, counter: answer.counter, whole: !lacks || (whole && !refused) });
    const gone = answer.pods === undefined ? [] : this.uids.filter((uid) => !listed.has(uid) && this.#drop(uid));
    if (lacks) return { woken: [...changed, ...gone], ask: true };
    // Only now is it known that what runs of no pod belongs to none.
    return { woken: whole ? [...changed, ...gone] : [...new Set([...this.uids, ...gone])], ask: false };
  }

  get #feed() {
    return this.#world.cell<Feed>('feed', { epoch: -1, begunAt: 0, counter: -1, whole: false });
  }
  #cell(uid: string) {
    return this.#world.cell<Json>(`pod/${uid}`, null);
  }
  /** @param believed also what is older than what is known: a list that nothing has overtaken says how things are */
  #take(pods: readonly DispatchedPod[], believed = false): readonly string[] {
    const woken: string[] = [];
    for (const dispatched of pods) {
      const uid = uidOf(dispatched.pod);
      if (!believed && this.#isOlder(dispatched)) continue;
      this.#cell(uid).set(dispatched as unknown as Json);
      woken.push(uid);
    }
    return woken;
  }
  #isOlder(dispatched: DispatchedPod): boolean {
    const known = this.get(uidOf(dispatched.pod));
    return known !== undefined && versionOf(known) > versionOf(dispatched);
  }
  #dropAll(uids: Iterable<string>, but: ReadonlySet<string>): void {
    for (const uid of uids) if (!but.has(uid)) this.#drop(uid);
  }
  #drop(uid: string): boolean {
    if (this.get(uid) === undefined) return false;
    this.#cell(uid).drop();
    return true;
  }
}
