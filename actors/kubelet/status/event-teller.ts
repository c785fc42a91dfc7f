import { type EventNote, makeEvent, type Regarded } from '../../../contracts/kinds/event/make-event.ts';
import type { Said } from '../../kernel/contract.ts';
import type { KubeletWorld } from '../kubelet-says.ts';

/**
 * Tells what happens to pods as Events; the api-server counts what is told again. Nobody waits for an answer: an event that
 * gets lost changes nothing.
 */
export const eventTeller =
  (world: KubeletWorld, node: string) =>
  (about: Regarded, note: EventNote): Said => {
    const event = makeEvent({ apiVersion: 'v1', ...about }, note, 'kubelet', world.now());
    const { name, namespace } = event.metadata;
    return world.say.createEvent(
      { namespace, name },
      {
        ...event,
        source: { component: 'kubelet', host: node },
        reportingInstance: node,
      },
    );
  };

export type EventTeller = ReturnType<typeof eventTeller>;
