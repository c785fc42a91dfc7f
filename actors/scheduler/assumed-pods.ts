import type { Pod } from '../../contracts/kinds/kinds.ts';
import type { Key } from '../../contracts/store/keys.ts';
import type { Cell, World } from '../kernel/contract.ts';
import { combine, type Load, NO_LOAD, podLoad, without } from './resource-load.ts';

type Book = { readonly node: string; readonly uid: string } | null;
type Cells = Pick<World<unknown>, 'cell' | 'cellNames'>;
/** How the names of the cells begin that keep them; behind it the pod's key. */
export const ASSUMED = 'assumed/';

/** Pods for which a node was chosen and whose binding the view does not show yet: their room is taken all the same. */
export class Assumed {
  readonly #cells: Cells;
  readonly #byKey = new Map<Key, { readonly node: string; readonly uid: string; readonly load: Load }>();
  readonly #byNode = new Map<string, Load>();

  constructor(cells: Cells) {
    this.#cells = cells;
  }

  /** Goes on with what the cells hold; only in a turn. */
  resume(find: (key: Key) => Pod | undefined): void {
    for (const name of this.#cells.cellNames(ASSUMED)) {
      const key = name.slice(ASSUMED.length);
      const book = this.#book(key).get();
      const pod = find(key);
      if (book === null) continue;
      if (pod !== undefined && isOpen(pod, book.uid)) this.#add(key, book, podLoad(pod));
      else this.#book(key).drop();
    }
  }

  has(key: Key): boolean {
    return this.#byKey.has(key);
  }

  on(node: string): Load | undefined {
    return this.#byNode.get(node);
  }

  assume(key: Key, node: string, uid: string, load: Load): void {
    this.#add(key, { node, uid }, load);
    this.#book(key).set({ node, uid });
  }

  drop(key: Key): void {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return;
    this.#byKey.delete(key);
    this.#book(key).drop();
    const others = (): readonly Load[] =>
      [...this.#byKey.values()].filter(({ node }) => node === entry.node).map(({ load }) => load);
    const rest = without(this.#byNode.get(entry.node) ?? NO_LOAD, entry.load, others);
    if (rest.pods <= 0) this.#byNode.delete(entry.node);
    else this.#byNode.set(entry.node, rest);
  }

  /** Drops what the view shows by now: bound, gone, or another pod of the same name. */
  settle(find: (key: Key) => Pod | undefined): void {
    for (const [key, { uid }] of this.#byKey) {
      const pod = find(key);
      if (pod === undefined || !isOpen(pod, uid)) this.drop(key);
    }
  }

  #add(key: Key, { node, uid }: { readonly node: string; readonly uid: string }, load: Load): void {
    this.#byKey.set(key, { node, uid, load });
    this.#byNode.set(node, combine(this.#byNode.get(node) ?? NO_LOAD, load));
  }
  #book(key: Key): Cell<Book> {
    return this.#cells.cell<Book>(`${ASSUMED}${key}`, null);
  }
}

const isOpen = (pod: Pod, uid: string): boolean => (pod.spec?.nodeName ?? '') === '' && pod.metadata?.uid === uid;
