import { setTimeout as pause } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import { guarded } from '../../../actors/kernel/nats/nats-guarded-callback.ts';
import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { nodeUser } from '../../../contracts/subjects/users.ts';
import { MASTER } from '../home/cluster.ts';

/** What a process is to do, and whom the broker lets do it. */
export interface Mandate {
  /** `run a master` */
  readonly act: string;
  /** May be heard by nobody else, and nothing is ever said there. */
  readonly subjects: readonly string[];
  /** How its user comes by that. */
  readonly remedy: string;
}

const UNHEARD = 'may-i';

const printed = (user: string): string =>
  `name user ${user} in TROUPE_USER and its key in TROUPE_NKEY, as "troupe permissions" made them`;

const accountOf = (prefix: string, actor: string): string =>
  SUBJECTS.actor.subject(prefix, { actor, instance: UNHEARD });

export const masterMandate = (prefix: string): Mandate => ({
  act: 'run a master',
  subjects: [accountOf(prefix, 'api-server')],
  remedy: printed(MASTER),
});

export const nodeMandate = (prefix: string, node: string): Mandate => ({
  act: `run node ${node}`,
  subjects: [SUBJECTS.runtime.subject(prefix, { node, op: UNHEARD })],
  remedy: printed(nodeUser(node)),
});

export const serviceMandate = (prefix: string, actors: readonly { readonly name: string }[]): Mandate => ({
  act: `host ${actors.map(({ name }) => name).join(', ')}`,
  subjects: actors.map(({ name }) => accountOf(prefix, name)),
  remedy:
    'make a user for these actors with "troupe user add <name> --actors <file>", and name it in TROUPE_USER and its key in TROUPE_NKEY',
});

/** Who asks, and by which key. */
interface Asker {
  readonly user: string;
  readonly prefix: string;
  readonly seedFile?: string;
}

const AGAIN_MS = 200;

/** Would the broker let this connection hear the subject? */
export async function mayHear(connection: NatsConnection, subject: string): Promise<boolean> {
  for (;;) {
    let allowed = true;
    const heard = (error: Error | null): void => {
      allowed &&= error === null;
    };
    const trial = connection.subscribe(subject, { callback: guarded(heard, console.error) });
    try {
      await connection.flush(); // a refusal comes before its answer
      return allowed;
    } catch (error) {
      if (connection.isClosed()) throw error;
      await pause(AGAIN_MS); // the connection was lost in between
    } finally {
      trial.unsubscribe();
    }
  }
}

/**
 * Finds out whether the user whose key this is may do what the process is for: the broker would refuse everything that it
 * says and hears, one by one and without end, and it would seem to live.
 * @throws StatusError Forbidden
 */
export async function checkMandate(connection: NatsConnection, asker: Asker, mandate: Mandate): Promise<void> {
  const { user, prefix, seedFile } = asker;
  const inbox = `${inboxPrefix(user)}.${UNHEARD}`;
  const key = seedFile === undefined ? 'this connection' : `the key in ${seedFile}`;
  if (!(await mayHear(connection, inbox))) throw refused(`${key} is not that of user ${user}`, inbox, mandate);
  for (const subject of mandate.subjects) {
    if (!(await mayHear(connection, subject)))
      throw refused(`user ${user} may not, with prefix ${prefix}`, subject, mandate);
  }
}

const refused = (finding: string, subject: string, { act, remedy }: Mandate): StatusError =>
  statusError('Forbidden', `${act}: ${finding} (nats-server refuses ${subject}); ${remedy}`);
