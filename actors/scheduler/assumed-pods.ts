import type { Pod } from '../../contracts/kinds/kinds.ts';
import type { Key } from '../../contracts/store/keys.ts';
import type { Cell, World } from '../kernel/contract.ts';
import { combine, type Load, NO_LOAD, podLoad, without } from '../../contracts/kinds/pod/pod-load.ts';

type Assumption = { readonly node: string; readonly uid: string };
type Cells = Pick<World<unknown>, 'cell' | 'cellNames'>;
/** Prefix of the names of their cells; the pod's key follows. */
export const ASSUMED = 'assumed/';

/**
 * Assumed pods, as in Kubernetes' scheduler cache: a node was chosen for them and the view does not show the binding yet.
 * They use the node's resources all the same.
 */
export class AssumedPods {
  readonly #cells: Cells;
  readonly #byKey = new Map<Key, Assumption & { readonly load: Load }>();
  readonly #byNode = new Map<string, Load>();

  constructor(cells: Cells) {
    this.#cells = cells;
  }

  /** Restores the assumed pods from their cells; may be called only in a turn. */
  resume(find: (key: Key) => Pod | undefined): void {
    for (const name of this.#cells.cellNames(ASSUMED)) {
      const key = name.slice(ASSUMED.length);
      const assumption = this.#cell(key).get();
      const pod = find(key);
      if (assumption === null) continue;
      if (pod !== undefined && isUnbound(pod, assumption.uid)) this.#add(key, assumption, podLoad(pod));
      else this.#cell(key).drop();
    }
  }

  has(key: Key): boolean {
    return this.#byKey.has(key);
  }

  /** What the assumed pods of a node take together; undefined when it has none. */
  on(node: string): Load | undefined {
    return this.#byNode.get(node);
  }

  assume(key: Key, node: string, uid: string, load: Load): void {
    this.#add(key, { node, uid }, load);
    this.#cell(key).set({ node, uid });
  }

  drop(key: Key): void {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return;
    this.#byKey.delete(key);
    this.#cell(key).drop();
    const others = (): readonly Load[] =>
      [...this.#byKey.values()].filter(({ node }) => node === entry.node).map(({ load }) => load);
    const rest = without(this.#byNode.get(entry.node) ?? NO_LOAD, entry.load, others);
    if (rest.pods <= 0) this.#byNode.delete(entry.node);
    else this.#byNode.set(entry.node, rest);
  }

  /** Drops the pods that the view now shows as bound, deleted, or replaced by another pod of the same name. */
  dropConfirmed(find: (key: Key) => Pod | undefined): void {
    for (const [key, { uid }] of this.#byKey) {
      const pod = find(key);
      if (pod === undefined || !isUnbound(pod, uid)) this.drop(key);
    }
  }

  #add(key: Key, { node, uid }: Assumption, load: Load): void {
    this.#byKey.set(key, { node, uid, load });
    this.#byNode.set(node, combine(this.#byNode.get(node) ?? NO_LOAD, load));
  }
  #cell(key: Key): Cell<Assumption | null> {
    return this.#cells.cell<Assumption | null>(`${ASSUMED}${key}`, null);
  }
}

const isUnbound = (pod: Pod, uid: string): boolean => (pod.spec?.nodeName ?? '') === '' && pod.metadata?.uid === uid;
