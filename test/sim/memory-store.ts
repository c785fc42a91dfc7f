import type { Heard, TestWorld } from '../../actors/kernel/testing/test-world.ts';
import { Cache } from '../../actors/kernel/view/cache.ts';
import { statusError } from '../../contracts/errors/status.ts';
import type { Event, KubeObject } from '../../contracts/kinds/kinds.ts';
import { EPOCHS, parseKey, storeKey } from '../../contracts/store/keys.ts';

/** A change of the store; without an object, a deletion. */
export interface Change {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly object?: KubeObject;
  /** There was none of this name before. */
  readonly isNew: boolean;
}

interface Question {
  readonly key?: string;
  readonly object?: KubeObject;
  /** Compare-and-set: the revision that the key must have. */
  readonly expect?: number;
}

/** The store of a simulated world: compare-and-set, and a log of all changes that is shown to each watcher in its own time. */
export class MemoryStore {
  #cache = new Cache({ freeze: true });
  readonly #changes: Change[] = [];
  readonly #events: Event[] = [];

  get cache(): Cache {
    return this.#cache;
  }

  /** How many changes there were; the revision of the newest. */
  get length(): number {
    return this.#changes.length;
  }

  get events(): number {
    return this.#events.length;
  }

  /** Reasons of all events that were told. */
  get eventReasons(): ReadonlySet<string> {
    return new Set(this.#events.map(({ reason = '' }) => reason));
  }

  /** Names of a resource's objects in the order in which they were created. */
  created(resource: string): readonly string[] {
    return this.#changes.flatMap((change) => (change.isNew && change.resource === resource ? [change.name] : []));
  }

  /** Changes from one place in the log on. */
  since(from: number): readonly Change[] {
    return this.#changes.slice(from);
  }

  /** Lets a watcher's cache see the changes from one place in the log to another. */
  show(watcher: TestWorld, from: number, to: number): void {
    for (const { resource, namespace, name, object } of this.#changes.slice(from, to)) {
      if (object === undefined) watcher.remove(resource, namespace, name);
      else watcher.put(resource, object);
    }
  }

  /** An older backup takes its place: what came later was never written, and its revisions will be others. */
  goBack(to: number): void {
    const kept = this.#changes.splice(0).slice(0, to);
    this.#cache = new Cache({ freeze: true });
    for (const { resource, namespace, name, object } of kept) this.#append(storeKey(resource, namespace, name), object);
  }

  /** Somebody takes over from whoever acted until now. @returns her epoch */
  nextEpoch(actor: string): number {
    return this.#append(storeKey(EPOCHS, undefined, actor), { metadata: { name: actor } });
  }

  /** What the store driver would answer an api-server, whose view has all that was stored where it asks for that. */
  answer({ say, body }: Heard): unknown {
    const question = body as Question;
    switch (say) {
      case 'putEvent':
        this.#events.push(question.object as Event);
        return { revision: 1 };
      case 'getEvent':
        return {};
      case 'listEvents':
        return { objects: [], more: false, revision: 1 };
      case 'put':
      case 'purge':
        return this.#write(question);
      default:
        return { revision: this.length };
    }
  }

  #write({ key = '', object, expect: wanted }: Question): unknown {
    if (wanted !== undefined && this.#cache.revisionOf(key) !== wanted)
      return statusError(wanted === 0 ? 'AlreadyExists' : 'Conflict', `${key} is at another revision`).status;
    return { revision: this.#append(key, object) };
  }

  #append(key: string, object: KubeObject | undefined): number {
    const parts = parseKey(key);
    if (parts === undefined) throw new Error(`"${key}" is no key`);
    const { resource, namespace, name } = parts;
    const isNew = this.#cache.revisionOf(key) === 0;
    this.#changes.push({ resource, namespace, name, isNew, ...(object === undefined ? {} : { object }) });
    this.#cache.apply({
      key,
      revision: this.length,
      ...(object === undefined ? {} : { object: structuredClone(object) }),
    });
    return this.length;
  }
}
