import { setTimeout as pause } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import { guarded } from '../../../actors/kernel/nats/nats-guarded-callback.ts';
import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { nodeUser } from '../../../contracts/subjects/users.ts';
import { MASTER } from '../home/cluster.ts';

/** What a process does, and the permissions that its user needs for it. */
export interface RequiredPermissions {
  /** `run a master` */
  readonly act: string;
  /** Subjects that only such a process may subscribe to, and on which nothing is ever published. */
  readonly subjects: readonly string[];
  /** How the user gets these permissions. */
  readonly remedy: string;
}

/** A token that no instance, operation or inbox is called by. */
const PROBE = 'may-i';

const asPrinted = (user: string): string =>
  `set TROUPE_USER to ${user} and TROUPE_NKEY to the file of its key, which "troupe permissions" made`;

const actorSubject = (prefix: string, actor: string): string =>
  SUBJECTS.actor.subject(prefix, { actor, instance: PROBE });

export const requiredOfMaster = (prefix: string): RequiredPermissions => ({
  act: 'run a master',
  subjects: [actorSubject(prefix, 'api-server')],
  remedy: asPrinted(MASTER),
});

export const requiredOfNode = (prefix: string, node: string): RequiredPermissions => ({
  act: `run node ${node}`,
  subjects: [SUBJECTS.runtime.subject(prefix, { node, op: PROBE })],
  remedy: asPrinted(nodeUser(node)),
});

export const requiredOfService = (
  prefix: string,
  actors: readonly { readonly name: string }[],
): RequiredPermissions => ({
  act: `host ${actors.map(({ name }) => name).join(', ')}`,
  subjects: actors.map(({ name }) => actorSubject(prefix, name)),
  remedy:
    'make a user for these actors with "troupe user add <name> --actors <file>", and set TROUPE_USER to its name and TROUPE_NKEY to the file of its key',
});

/** The user of a connection. */
interface ConnectedUser {
  readonly user: string;
  readonly prefix: string;
  readonly seedFile?: string;
}

const AGAIN_MS = 200;

/** Does the broker let this connection subscribe to the subject? */
export async function maySubscribe(connection: NatsConnection, subject: string): Promise<boolean> {
  for (;;) {
    let allowed = true;
    const heard = (error: Error | null): void => {
      allowed &&= error === null;
    };
    const trial = connection.subscribe(subject, { callback: guarded(heard, console.error) });
    try {
      await connection.flush(); // a refusal arrives before the answer to this
      return allowed;
    } catch (error) {
      if (connection.isClosed()) throw error;
      await pause(AGAIN_MS); // the connection was lost meanwhile
    } finally {
      trial.unsubscribe();
    }
  }
}

/**
 * Checks that the key belongs to the user, and that the user may do what the process is for. Without this check the process would
 * seem to run while the broker refuses everything that it publishes and subscribes to.
 * @throws StatusError Forbidden
 */
export async function checkRolePermissions(
  connection: NatsConnection,
  connected: ConnectedUser,
  required: RequiredPermissions,
): Promise<void> {
  const { user, prefix, seedFile } = connected;
  const inbox = `${inboxPrefix(user)}.${PROBE}`;
  const key = seedFile === undefined ? 'this connection' : `the key in ${seedFile}`;
  if (!(await maySubscribe(connection, inbox))) throw refused(`${key} is not the key of user ${user}`, inbox, required);
  for (const subject of required.subjects) {
    if (!(await maySubscribe(connection, subject)))
      throw refused(`user ${user} may not, with prefix ${prefix}`, subject, required);
  }
}

const refused = (finding: string, subject: string, { act, remedy }: RequiredPermissions): StatusError =>
  statusError('Forbidden', `${act}: ${finding} (nats-server refuses ${subject}); ${remedy}`);
