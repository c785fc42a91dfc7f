import { type JetStreamManager, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { errors, type NatsConnection } from 'nats';
import { statusError } from '../../../contracts/errors/status.ts';

export interface StreamMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  /** The sender's headers and those that the server added. */
  readonly headers: Iterable<readonly [string, readonly string[]]>;
}

/** Messages newer than the stream's oldest that the server cannot find any more. */
export interface Lost {
  readonly messages: number;
  /** Number of messages that there should be. */
  readonly of: number;
}

export interface ReadOptions {
  /** Only messages on subjects of this pattern. */
  readonly subject?: string;
  /** Called at the end when some are lost. */
  readonly onLost?: (lost: Lost) => void;
  readonly silenceMs?: number;
}

/** Well below the amount that a server buffers before it closes a slow client. */
const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_MESSAGES = 4_096;
/** A server with messages sends one at once; with some damaged files it never answers. */
const SILENCE_MS = 20_000;

type Asked = Pick<ReadOptions, 'subject'> & { readonly silenceMs: number };

/**
 * Reads every readable message that is in a stream now, oldest first. It requests batches instead of using a consumer: a
 * consumer waits forever for messages that the server counts but cannot read.
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
  throw statusError('ServiceUnavailable', `read ${stream}: the connection to the nats-server was lost; try again`);
}

async function* readAll(
  connection: NatsConnection,
  stream: string,
  options: ReadOptions & Asked,
): AsyncGenerator<StreamMessage> {
  const { subject, onLost } = options;
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: options.silenceMs });
  const info = (filter = {}) => answered(stream, options, () => manager.streams.info(stream, filter));
  // First, so that messages that arrive meanwhile do not count as lost.
  const counts = onLost === undefined ? undefined : (await info({ subjects_filter: subject ?? '>' })).state;
  const { state } = await info();
  const batchAt = (seq: number): Promise<readonly StoredMsg[]> => {
    if (seq > state.last_seq) return Promise.resolve([]);
    const batch = answered(stream, options, () => direct(connection, manager, stream, seq, options));
    batch.catch(() => undefined); // the error is thrown where the batch is awaited, if it is
    return batch;
  };
  let read = 0;
  let batch = batchAt(state.first_seq);
  for (let next = state.first_seq; next <= state.last_seq; ) {
    const asked = await batch;
    const found = asked.length > 0 ? asked : await ofLeader(manager, stream, next, options);
    if (found.length === 0) break;
    next = (found.at(-1)?.seq ?? next) + 1;
    batch = batchAt(next); // loads while these are processed
    for (const { subject, seq, data, header } of found) {
      if (seq > state.last_seq) break;
      read += 1;
      yield { subject, sequence: seq, data, headers: header };
    }
  }
  if (onLost === undefined || counts === undefined) return;
  const span = state.messages === 0 ? state.last_seq : state.last_seq - state.first_seq + 1;
  const counted = Object.values(counts.subjects ?? {}).reduce((sum, count) => sum + count, 0);
  const of = Math.max(span, counted); // the counts by subject may include lost messages
  const lost = Math.min(of, span - state.messages + Math.max(0, counted - read));
  if (lost === 0) return;
  const { first_seq: first } = (await info()).state;
  const droppedMeanwhile = first > counts.first_seq && first <= state.last_seq;
  if (!droppedMeanwhile) onLost({ messages: lost, of });
}

/** A batch that begins at or after `next`; empty at the end, or when the stream does not allow direct reads. */
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
      else end(() => resolve(messages)); // the leader reports any other error
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

/** Asks the leader: a replica that lags behind may have no more while the leader has. */
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

/** Retries after timeouts of the client, which may be shorter, until `silenceMs`. */
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
    `read ${stream}: the nats-server has not answered for ${silenceMs / 1000} s; try again; if it still does not answer, the stream's files are damaged: restore them from a backup`,
  );
