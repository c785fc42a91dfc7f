import type { Escalation } from '../../../actors/kernel/live/host-services.ts';
import { makeEvent } from '../../../contracts/kinds/event/make-event.ts';
import type { Client } from '../../client/client.ts';

/** Events about the cluster's own actors are created in this namespace. */
const NAMESPACE = 'kube-system';

/** Creates a Warning event for an actor that keeps failing, or that was stopped because it broke the contract of behaviours. */
export async function recordActorFailure(
  client: Client,
  { actor, instance, error, stopped }: Escalation,
): Promise<void> {
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
 * Handles the failures of a process's actors: logs each, creates an event for it, and calls `onBroken` when the actor stays down.
 * Only a new process brings such an actor back.
 */
export const reportActorFailures =
  (client: Client, log: (line: string) => void, onBroken: (() => void) | undefined) =>
  (escalation: Escalation): void => {
    log(
      `error: actor ${escalation.actor} ${escalation.stopped ? 'stopped for good' : 'keeps failing'}: ${String(escalation.error)}`,
    );
    void recordActorFailure(client, escalation)
      .catch((error: unknown) => log(`warning: event about actor ${escalation.actor}: ${String(error)}`))
      .then(() => {
        if (escalation.stopped) onBroken?.();
      });
  };
