import type { Escalation } from '../../../actors/kernel/live/host-services.ts';
import { makeEvent } from '../../../contracts/kinds/event/make-event.ts';
import type { Client } from '../../client/client.ts';

/** Where events about the cluster's own parts are told. */
const NAMESPACE = 'kube-system';

/** An actor that keeps failing, or broke the contract of behaviours, is told as an Event that names it. */
export async function tellEscalation(client: Client, { actor, instance, error, stopped }: Escalation): Promise<void> {
  const finding = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  const regarding = {
    apiVersion: 'troupe.io/v1',
    kind: 'Actor',
    metadata: { name: actor, namespace: NAMESPACE, uid: `${actor}/${instance}` },
  };
  const note = {
    type: 'Warning',
    reason: stopped ? 'ActorStopped' : 'ActorFailing',
    message: `${actor} on ${instance}: ${finding}`,
  } as const;
  const event = makeEvent(regarding, note, instance, Date.now());
  await client.request('create', 'events', { namespace: NAMESPACE, name: event.metadata?.name ?? '' }, event, {
    timeoutMs: 5_000,
  });
}

/**
 * What a process does about escalations of its actors: tells them, and when an actor stays down, asks to be started anew,
 * which is the one way to bring it back.
 */
export const escalations =
  (client: Client, log: (line: string) => void, onBroken: (() => void) | undefined) =>
  (escalation: Escalation): void => {
    log(
      `error: actor ${escalation.actor} ${escalation.stopped ? 'stopped for good' : 'keeps failing'}: ${String(escalation.error)}`,
    );
    void tellEscalation(client, escalation)
      .catch((error: unknown) => log(`warning: event about actor ${escalation.actor}: ${String(error)}`))
      .then(() => {
        if (escalation.stopped) onBroken?.();
      });
  };
