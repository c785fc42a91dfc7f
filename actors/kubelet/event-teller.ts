import { makeEvent, type Regarded } from '../../contracts/kinds/event/make-event.ts';
import { rfc3339 } from '../../contracts/time/rfc3339.ts';
import type { Said } from '../kernel/contract.ts';
import type { KubeletWorld } from './kubelet-says.ts';
import type { PodNote } from './pod-types.ts';

/** Events that are counted up rather than told anew; older ones are forgotten first. */
const REMEMBERED = 1000;

/** Tells what happens to pods as Events. Nobody waits for an answer: an event that gets lost changes nothing. */
export class EventTeller {
  readonly #world: KubeletWorld;
  readonly #node: string;
  readonly #counts = new Map<string, number>();

  constructor(world: KubeletWorld, node: string) {
    this.#world = world;
    this.#node = node;
  }

  tell(about: Regarded, note: PodNote): Said {
    const event = makeEvent(
      { apiVersion: 'v1', ...about, kind: about.kind ?? 'Pod' },
      note,
      'kubelet',
      this.#world.now(),
    );
    const { name, namespace } = event.metadata;
    const id = `${namespace}/${name}`;
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.delete(id);
    this.#counts.set(id, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > REMEMBERED && oldest !== undefined) this.#counts.delete(oldest);
    if (count > 1) {
      return this.#world.say.patchEvent({ namespace, name }, { count, lastTimestamp: rfc3339(this.#world.now()) });
    }
    const fieldPath = note.container === undefined ? {} : { fieldPath: `spec.containers{${note.container}}` };
    return this.#world.say.createEvent(
      { namespace, name },
      {
        ...event,
        involvedObject: { ...event.involvedObject, ...fieldPath },
        source: { component: 'kubelet', host: this.#node },
        reportingInstance: this.#node,
      },
    );
  }
}
