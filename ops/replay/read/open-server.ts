import { JetStreamApiError } from '@nats-io/jetstream';
import { errors, type NatsConnection } from 'nats';
import { statusError } from '../../../contracts/errors/status.ts';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';
import { DEFAULT_PREFIX } from '../../../contracts/subjects/subjects.ts';
import { connectAs } from '../../client/connect.ts';
import type { Credentials } from '../../client/plan-credentials.ts';
import type { OpenedRecordings } from './recorded-where.ts';

type Refused = InstanceType<typeof errors.PermissionViolationError>;

/**
 * Opens the recordings of a cluster on a nats-server, with the permissions of a user. Only reads.
 * @throws StatusError Unauthorized, ServiceUnavailable
 */
export async function openServer(who: Credentials): Promise<OpenedRecordings> {
  const client = await connectAs(who, { name: 'troupe' });
  const ended: { refused?: Refused } = {};
  void closeWhenHopeless(client.connection, (refused) => (ended.refused = refused));
  return {
    client,
    prefix: who.prefix,
    live: true,
    close: () => client.close(),
    worded: (error) => {
      const refused = ended.refused ?? [...chain(error)].find(isRefused);
      return refused === undefined ? missing(error, who) : forbidden(refused, who);
    },
  };
}

/** Closes the connection when NATS refuses a request or subscription: the answer would never come. */
async function closeWhenHopeless(connection: NatsConnection, onRefused: (refused: Refused) => void): Promise<void> {
  for await (const status of connection.status()) {
    const isOver = status.type === 'error' && isRefused(status.error);
    if (isOver) onRefused(status.error as Refused);
    if (isOver || status.type === 'disconnect') await connection.close();
  }
}

const isRefused = (error: unknown): error is Refused => error instanceof errors.PermissionViolationError;

function* chain(error: unknown): Generator<unknown> {
  for (let cause = error; cause instanceof Error; cause = cause.cause) yield cause;
}

function forbidden({ operation, subject }: Refused, { caller, prefix, url }: Credentials): Error {
  const doing = operation === 'subscription' ? 'subscribe to' : 'publish';
  const act = `read the recordings at ${url} as ${caller}: NATS refuses to ${doing} ${subject}`;
  if (subject.startsWith(`${INBOX_ROOT}.`))
    return statusError('Forbidden', `${act}; name the user whose key this is in TROUPE_USER`);
  const other = prefix === DEFAULT_PREFIX ? '' : ', and TROUPE_PREFIX to the prefix of its cluster';
  return statusError(
    'Forbidden',
    `${act}; an operator has the permission: set TROUPE_USER and TROUPE_NKEY to one (see "troupe permissions")${other}`,
  );
}

/** JetStream's error codes for a missing stream, and for an account without JetStream. */
const [STREAM_NOT_FOUND, NO_JETSTREAM] = [10_059, 10_039];

function missing(error: unknown, { prefix, url }: Credentials): Error | undefined {
  const act = `read the recordings at ${url}`;
  const code = error instanceof JetStreamApiError ? error.code : undefined;
  if (code === NO_JETSTREAM || isNobodyThere(error))
    return statusError('NotFound', `${act}: JetStream is disabled there, or for this user's account; check TROUPE_URL`);
  if (code !== STREAM_NOT_FOUND) return undefined;
  return statusError(
    'NotFound',
    `${act}: the stream ${bucketNames(prefix).journal}, which the first master of a cluster creates, does not exist; check TROUPE_URL and TROUPE_PREFIX`,
  );
}

function isNobodyThere(error: unknown): boolean {
  const all = [...chain(error)];
  return all.some((one) => one instanceof errors.NoRespondersError || (one as Error).name === 'JetStreamNotEnabled');
}
