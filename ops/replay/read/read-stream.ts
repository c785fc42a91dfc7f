import { type JetStreamManager, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { errors, type NatsConnection } from 'nats';
import { statusError } from '../../../contracts/errors/status.ts';

export interface StreamMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  /** What was sent with it, and what the server says of it. */
  readonly headers: Iterable<readonly [string, readonly string[]]>;
}

/** Messages that the stream has had since its oldest, and that its server does not find any more. */
export interface Lost {
  readonly messages: number;
  /** Of so many. */
  readonly of: number;
}

export interface ReadOptions {
  /** Only messages on subjects of this pattern. */
  readonly subject?: string;
  /** Told at the end, when some are lost. */
  readonly onLost?: (lost: Lost) => void;
  readonly silenceMs?: number;
}

/** Well below what a server holds for a client before it takes it for dead. */
const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_MESSAGES = 4_096;
/** A server that has messages sends one at once; of files that are damaged in some ways it never comes to say anything. */
const SILENCE_MS = 20_000;

type Asked = Pick<ReadOptions, 'subject'> & { readonly silenceMs: number };

/**
 * Every message of a stream that is in it now and can be read, oldest first. They are asked for in batches, not consumed: a
 * consumer waits without end for messages that the server counts and whose bytes are lost.
 * @throws StatusError ServiceUnavailable: the connection ended in the middle, or the server is silent
 */
export async function* readStream(
  connection: NatsConnection,
  stream: string,
  { silenceMs = SILENCE_MS, ...options }: ReadOptions = {},
): AsyncGenerator<StreamMessage> {
  try {
    yield* readAll(connection, stream, { ...options, silenceMs });
    return;
  } catch (error) {
    if (!connection.isClosed()) throw error;
  }
  throw statusError('ServiceUnavailable', `read ${stream}: the nats-server went away in the middle; try again`);
}

async function* readAll(
  connection: NatsConnection,
  stream: string,
  options: ReadOptions & Asked,
): AsyncGenerator<StreamMessage> {
  const { subject, onLost } = options;
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: options.silenceMs });
  const info = (filter = {}) => answered(stream, options, () => manager.streams.info(stream, filter));
  // Before the rest: the server counts by subject last, and what came in between would be missed.
  const counts = onLost === undefined ? undefined : (await info({ subjects_filter: subject ?? '>' })).state;
  const { state } = await info();
  const batchAt = (seq: number): Promise<readonly StoredMsg[]> => {
    if (seq > state.last_seq) return Promise.resolve([]);
    const batch = answered(stream, options, () => direct(connection, manager, stream, seq, options));
    batch.catch(() => undefined); // it is told to who waits for it, if anybody comes to
    return batch;
  };
  let read = 0;
  let batch = batchAt(state.first_seq);
  for (let next = state.first_seq; next <= state.last_seq; ) {
    const asked = await batch;
    const found = asked.length > 0 ? asked : await ofLeader(manager, stream, next, options);
    if (found.length === 0) break;
    next = (found.at(-1)?.seq ?? next) + 1;
    batch = batchAt(next); // comes while these are looked at
    for (const { subject, seq, data, header } of found) {
      if (seq > state.last_seq) break;
      read += 1;
      yield { subject, sequence: seq, data, headers: header };
    }
  }
  if (onLost === undefined || counts === undefined) return;
  const span = state.messages === 0 ? state.last_seq : state.last_seq - state.first_seq + 1;
  const counted = Object.values(counts.subjects ?? {}).reduce((sum, count) => sum + count, 0);
  const of = Math.max(span, counted); // a server may still count by subject what it knows to be lost
  const lost = Math.min(of, span - state.messages + Math.max(0, counted - read));
  if (lost === 0) return;
  const { first_seq: first } = (await info()).state;
  const droppedMeanwhile = first > counts.first_seq && first <= state.last_seq;
  if (!droppedMeanwhile) onLost({ messages: lost, of });
}

/** What comes at or after `next`; nothing when that is nothing, or when this stream answers its leader's way alone. */
function direct(
  connection: NatsConnection,
  manager: JetStreamManager,
  stream: string,
  next: number,
  { subject, silenceMs }: Asked,
): Promise<readonly StoredMsg[]> {
  return new Promise((resolve, reject) => {
    const messages: StoredMsg[] = [];
    let stop = (): void => undefined;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      stop();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new errors.TimeoutError())), silenceMs);
    const callback = (done: { readonly err?: Error } | null, message: StoredMsg): void => {
      timer.refresh();
      if (done === null) messages.push(message);
      else if (done.err instanceof errors.TimeoutError) end(() => reject(done.err));
      else end(() => resolve(messages)); // what is wrong the leader says
    };
    void connection.closed().then(() => end(() => reject(new errors.ClosedConnectionError())));
    manager.direct
      .getBatch(stream, {
        seq: next,
        batch: BATCH_MESSAGES,
        max_bytes: BATCH_BYTES,
        callback,
        ...(subject === undefined ? {} : { next_by_subj: subject }),
      })
      .then(
        (batch) => (stop = () => batch.stop()),
        (error: Error) => end(() => reject(error)),
      );
  });
}

/** A copy that lags behind has no more, and its leader may. */
async function ofLeader(
  manager: JetStreamManager,
  stream: string,
  next: number,
  options: Asked,
): Promise<readonly StoredMsg[]> {
  const query = { seq: next, next_by_subj: options.subject ?? '>' };
  const found = await answered(stream, options, () => manager.streams.getMessage(stream, query));
  return found === null ? [] : [found];
}

/** The client's own patience may be shorter. */
async function answered<T>(stream: string, { silenceMs }: Asked, ask: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + silenceMs; ; ) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof errors.TimeoutError)) throw error;
      if (performance.now() >= deadline) throw silent(stream, silenceMs);
    }
  }
}

const silent = (stream: string, silenceMs: number): Error =>
  statusError(
    'ServiceUnavailable',
    `read ${stream}: the nats-server has said nothing for ${silenceMs / 1000} s; try again, and where it stays so the stream's files are damaged: restore them from a copy`,
  );
