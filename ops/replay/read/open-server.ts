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
 * Opens the recordings of a cluster on a nats-server that was named: with the rights of the user that was named, reading alone.
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

/** A question that the server refuses, or whose answer it may not deliver, would be waited for in vain. */
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
  const other = prefix === DEFAULT_PREFIX ? '' : ', and TROUPE_PREFIX to its cluster';
  return statusError(
    'Forbidden',
    `${act}; an operator may: set TROUPE_USER and TROUPE_NKEY to one, as "troupe permissions" makes it${other}`,
  );
}

/** What JetStream says of a stream that is not there, and of an account that has none. */
const [STREAM_NOT_FOUND, NO_JETSTREAM] = [10_059, 10_039];

function missing(error: unknown, { prefix, url }: Credentials): Error | undefined {
  const act = `read the recordings at ${url}`;
  const code = error instanceof JetStreamApiError ? error.code : undefined;
  if (code === NO_JETSTREAM || isNobodyThere(error))
    return statusError('NotFound', `${act}: JetStream is off there, or for this user's account; check TROUPE_URL`);
  if (code !== STREAM_NOT_FOUND) return undefined;
  return statusError(
    'NotFound',
    `${act}: there is no stream ${bucketNames(prefix).journal}, which a cluster's first master makes; check TROUPE_URL and TROUPE_PREFIX`,
  );
}

function isNobodyThere(error: unknown): boolean {
  const all = [...chain(error)];
  return all.some((one) => one instanceof errors.NoRespondersError || (one as Error).name === 'JetStreamNotEnabled');
}
