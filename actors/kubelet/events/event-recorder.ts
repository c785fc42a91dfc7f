import { type EventNote, makeEvent, type Regarded } from '../../../contracts/kinds/event/make-event.ts';
import type { Said } from '../../kernel/contract.ts';
import type { KubeletWorld } from '../kubelet-says.ts';

/** Makes the request that creates an Event about a pod or the Node. No answer is awaited: a lost event changes nothing. */
export const eventRecorder =
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

export type EventRecorder = ReturnType<typeof eventRecorder>;
