import type { Heard, TestWorld } from '../../actors/kernel/testing/test-world.ts';
import { statusError } from '../../contracts/errors/status.ts';
import type { Event, KubeObject } from '../../contracts/kinds/kinds.ts';
import { parseKey } from '../../contracts/store/keys.ts';

/** A change of the store; without an object, a deletion. */
interface Change {
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

/** The store of a simulated world: compare-and-set on the api-server's own cache, and a log of all changes. */
export class MemoryStore {
  readonly #api: TestWorld;
  readonly #changes: Change[] = [];
  readonly #events: Event[] = [];

  constructor(api: TestWorld) {
    this.#api = api;
  }

  /** How many changes there were. */
  get length(): number {
    return this.#changes.length;
  }

  /** Reasons of all events that were told. */
  get eventReasons(): ReadonlySet<string> {
    return new Set(this.#events.map(({ reason = '' }) => reason));
  }

  /** Names of a resource's objects in the order in which they were created. */
  created(resource: string): readonly string[] {
    return this.#changes.flatMap((change) => (change.isNew && change.resource === resource ? [change.name] : []));
  }

  /** Lets a watcher's cache see the changes from one place in the log to another. */
  show(watcher: TestWorld, from: number, to: number): void {
    for (const { resource, namespace, name, object } of this.#changes.slice(from, to)) {
      if (object === undefined) watcher.remove(resource, namespace, name);
      else watcher.put(resource, object);
    }
  }

  /** What the store driver would answer an api-server. */
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
        return { revision: this.#api.cache.revision };
    }
  }

  #write({ key = '', object, expect: wanted }: Question): unknown {
    const parts = parseKey(key);
    if (parts === undefined) return statusError('Invalid', `"${key}" is no key`).status;
    const { resource, namespace, name } = parts;
    const known = this.#api.cache.revisionOf(key);
    if (wanted !== undefined && known !== wanted) {
      return statusError(wanted === 0 ? 'AlreadyExists' : 'Conflict', `${key} is at another revision`).status;
    }
    this.#changes.push({ resource, namespace, name, isNew: known === 0, ...(object === undefined ? {} : { object }) });
    const revision =
      object === undefined ? this.#api.remove(resource, namespace, name) : this.#api.put(resource, object);
    return { revision };
  }
}
