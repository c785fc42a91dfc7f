import type { NatsConnection } from 'nats';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { Bytes, Rec, Turn } from '../contract.ts';
import { type Sealer, SegmentWriter } from '../journal/journal.ts';
import type { Incarnation, Recorder } from '../journal/recorder.ts';
import { TurnKeeper } from '../journal/turn-keeper.ts';
import { LATEST_HEADER } from '../turns/call-routing.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { NatsRequests } from './nats-requests.ts';

export interface RecorderOptions {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** Absent: bodies with secret data are recorded as empty. */
  readonly sealer?: Sealer;
  /** Interval in milliseconds at which eventful turns are written; with many recordings, a share of them each: see `planShare`. */
  readonly flushMs?: number;
  /** Longest time in milliseconds that `flush` waits for the broker. */
  readonly flushWithinMs?: number;
  readonly log: (line: string) => void;
}

export interface RecorderStats {
  /** Incarnations with turns that are still to be written, or that may have more. */
  readonly open: number;
  readonly turns: number;
  readonly segments: number;
  readonly bytes: number;
  /** Turns dropped because the broker did not keep up. */
  readonly dropped: number;
}

interface SegmentInProgress {
  readonly incarnation: Incarnation;
  readonly segment: SegmentWriter;
  gap: number;
  readonly keeper: TurnKeeper;
}

/** A turn that is not yet written into its segment. */
interface HeardTurn {
  readonly incarnation: Incarnation;
  readonly turn: Turn;
  readonly out: readonly Outgoing[];
  /** Bytes of memory that it retains. */
  readonly weight: number;
}

/**
 * When turns come fast, this many are written into their segments together. Writing each one at once would evict the rest of
 * the process from the CPU caches each time, which costs as much again as the writing itself.
 */
const TOGETHER = 128;
/** The same limit in bytes of memory that they retain. */
const TOGETHER_BYTES = 256 * 1024;
/** When turns come slowly, they are written at this interval in slices, with I/O in between, so that no turn is delayed much. */
const SLICE_MS = 20;
const SLICE_TURNS = 32;
const FLUSH_MS = 80;
/** Interval for turns in which nothing happened (a timer, a heartbeat), so that an idle cluster writes little. */
const IDLE_FLUSH_MS = 5_000;
/** Size of its bodies at which a segment is closed. */
const SEGMENT_BYTES = 256 * 1024;
const SEGMENT_TURNS = 1_024;
/** Segments that may wait for the broker; beyond it, segments grow instead. */
const IN_FLIGHT_MAX = 64;
/** Target rate of small segments per second and process: each costs the broker the same, however small it is. */
const SEGMENTS_A_SECOND = 50;
/** With hundreds of recordings, about how long a segment waits to be written; a crash loses that much. */
const WAIT_MS_MOST = 4_000;
/** Segments written in a row before I/O gets a chance: a process that hosts a thousand nodes has two thousand recordings. */
const AT_ONCE = 4;
/** Largest size of a segment that waits to be written; beyond it, the whole segment is dropped and counted. */
const HELD_BYTES = 2 * 1024 * 1024;
const ACK_WITHIN_MS = 5_000;
/** A segment that the broker has not acknowledged for this long, despite retries, is dropped and counted. */
const GIVE_UP_MS = 120_000;
const RETRY_MS_MOST = 1_000;
const FLUSH_WITHIN_MS = 3_000;

/** Writes the inputs and outputs of actors to the journal stream, in segments. Actors never wait for it. */
export class NatsRecorder implements Recorder {
  readonly #options: RecorderOptions;
  readonly #requests: NatsRequests;
  readonly #heard: HeardTurn[] = [];
  #heardBytes = 0;
  readonly #buffers = new Map<Incarnation, SegmentInProgress>();
  /** Number of the newest incarnation of each actor and instance; older ones record nothing more. */
  readonly #newest = new Map<string, number>();
  /** Segments with eventful turns, the longest waiting first; the others can wait. */
  readonly #eventful = new Set<SegmentInProgress>();
  readonly #inFlight = new Set<Promise<void>>();
  /** The next slice of turns is scheduled. */
  #slicing = false;
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Segments to be written as soon as the broker and I/O allow it, the longest waiting first. */
  readonly #due = new Set<SegmentInProgress>();
  #pumping = false;
  #turns = 0;
  #segments = 0;
  #bytes = 0;
  #dropped = 0;
  /** A `flush` timed out. Until the broker acknowledges a segment again, further flushes of a stopping process do not wait. */
  #inVain = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#requests = new NatsRequests(options.connection);
    void this.#sendAgainOnceReconnected();
  }

  stats(): RecorderStats {
    this.#writeTurns();
    return {
      open: this.#buffers.size,
      turns: this.#turns,
      segments: this.#segments,
      bytes: this.#bytes,
      dropped: this.#dropped,
    };
  }

  record(incarnation: Incarnation, turn: Turn, out: readonly Outgoing[]): void {
    this.#turns += 1;
    const weight = weightOf(turn.rec, out);
    this.#heard.push({ incarnation, turn, out, weight });
    this.#heardBytes += weight;
    if (this.#heard.length >= TOGETHER || this.#heardBytes >= TOGETHER_BYTES) this.#writeTurns();
    else if (!this.#slicing) {
      this.#slicing = true;
      setTimeout(() => this.#writeSlice(), SLICE_MS);
    }
  }

  #writeTurns(count = this.#heard.length): void {
    for (const { incarnation, turn, out, weight } of this.#heard.splice(0, count)) {
      this.#heardBytes -= weight;
      this.#writeTurn(incarnation, turn, out);
    }
  }

  #writeSlice(): void {
    this.#writeTurns(SLICE_TURNS);
    this.#slicing = this.#heard.length > 0;
    if (this.#slicing) setImmediate(() => this.#writeSlice());
  }

  #writeTurn(incarnation: Incarnation, turn: Turn, out: readonly Outgoing[]): void {
    let buffer = this.#buffers.get(incarnation);
    if (buffer === undefined) {
      const keeper = new TurnKeeper(this.#options.prefix, this.#options.sealer);
      buffer = { incarnation, segment: new SegmentWriter(incarnation), gap: 0, keeper };
      this.#buffers.set(incarnation, buffer);
      this.#newest.set(
        nameOf(incarnation),
        Math.max(incarnation.incarnation, this.#newest.get(nameOf(incarnation)) ?? 0),
      );
    }
    const { segment } = buffer;
    try {
      segment.add(buffer.keeper.keep(turn, out));
    } catch (error) {
      this.#drop(buffer, String(error)); // an actor must not fail because its recording does
      return;
    }
    if (isEventful(turn.rec, out)) {
      this.#eventful.add(buffer);
      this.#timer ??= setTimeout(() => this.#writeEventful(), this.#flushMs);
    } else this.#idleTimer ??= setTimeout(() => this.#writeIdle(), IDLE_FLUSH_MS);
    if (segment.bytes >= HELD_BYTES && this.#inFlight.size >= IN_FLIGHT_MAX)
      this.#drop(buffer, 'the broker does not keep up');
    else if (segment.bytes >= SEGMENT_BYTES || segment.turns >= SEGMENT_TURNS) this.#writeSoon([buffer]);
  }

  get #flushMs(): number {
    return this.#options.flushMs ?? FLUSH_MS;
  }

  async flush(): Promise<void> {
    this.#writeAll();
    if (this.#inVain) return;
    let timer: NodeJS.Timeout | undefined;
    const longEnough = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#inVain = true;
        resolve();
      }, this.#options.flushWithinMs ?? FLUSH_WITHIN_MS);
    });
    await Promise.race([this.#settled(), longEnough]);
    clearTimeout(timer);
  }

  async #settled(): Promise<void> {
    while (this.#due.size > 0 || this.#inFlight.size > 0) {
      if (this.#inFlight.size > 0) await Promise.race(this.#inFlight);
      else await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #writeEventful(): void {
    this.#timer = undefined;
    const share = planShare(this.#eventful.size, this.#flushMs);
    const next = [...this.#eventful].slice(0, share);
    for (const buffer of next) this.#eventful.delete(buffer);
    this.#writeSoon(next);
    if (this.#eventful.size > 0) this.#timer = setTimeout(() => this.#writeEventful(), this.#flushMs);
  }

  /** Treats all segments with uneventful turns like eventful ones from now on. */
  #writeIdle(): void {
    this.#idleTimer = undefined;
    this.#writeTurns();
    for (const buffer of this.#begun()) this.#eventful.add(buffer);
    this.#timer ??= setTimeout(() => this.#writeEventful(), this.#flushMs);
  }

  #writeAll(): void {
    this.#writeTurns();
    clearTimeout(this.#timer);
    clearTimeout(this.#idleTimer);
    this.#timer = undefined;
    this.#idleTimer = undefined;
    this.#writeSoon(this.#begun());
  }

  /** The segments with turns to write. Removes buffers that will never have any. */
  #begun(): readonly SegmentInProgress[] {
    for (const [incarnation, { segment, gap, keeper }] of this.#buffers)
      if (segment.turns === 0 && (this.#isOver(incarnation) || (gap === 0 && keeper.idle)))
        this.#buffers.delete(incarnation);
    return [...this.#buffers.values()].filter(({ segment }) => segment.turns > 0);
  }

  /** A newer incarnation has replaced it, so answers to its asks are not recorded. */
  #isOver(incarnation: Incarnation): boolean {
    return !incarnation.driver && incarnation.incarnation < (this.#newest.get(nameOf(incarnation)) ?? 0);
  }

  #writeSoon(buffers: readonly SegmentInProgress[]): void {
    for (const buffer of buffers) this.#due.add(buffer);
    if (!this.#pumping) this.#pump();
  }

  /** Writes due segments; continues after I/O, or after an acknowledgement when `IN_FLIGHT_MAX` are in flight. */
  #pump(): void {
    this.#pumping = false;
    let left = AT_ONCE;
    for (const buffer of this.#due) {
      if (this.#inFlight.size >= IN_FLIGHT_MAX) return;
      if (left-- === 0) {
        this.#pumping = true;
        setImmediate(() => this.#pump());
        return;
      }
      this.#due.delete(buffer);
      this.#write(buffer);
    }
  }

  #drop(buffer: SegmentInProgress, why: string): void {
    this.#lose(buffer, buffer.segment.turns, why);
    this.#due.delete(buffer);
    buffer.segment.drop();
  }

  #lose(buffer: SegmentInProgress, turns: number, why: string): void {
    buffer.gap += turns;
    this.#dropped += turns;
    const { actor } = buffer.incarnation.self;
    this.#options.log(`warning: recording of ${actor}: ${why}; ${turns} turns are missing from the recording`);
  }

  #write(buffer: SegmentInProgress): void {
    const { incarnation, segment, gap } = buffer;
    const { turns } = segment;
    const bytes = segment.take(gap);
    this.#eventful.delete(buffer);
    buffer.gap = 0;
    this.#segments += 1;
    this.#bytes += bytes.length;
    const { actor, instance } = incarnation.self;
    const subject = SUBJECTS.journal.subject(this.#options.prefix, { actor, instance });
    const sent: Promise<void> = this.#send(subject, bytes).catch((error: unknown) =>
      this.#lose(buffer, turns, error instanceof Error ? error.message : String(error)),
    );
    this.#inFlight.add(sent);
    void sent.finally(() => {
      this.#inFlight.delete(sent);
      if (!this.#pumping) this.#pump();
    });
  }

  /** Segments in flight may have been lost with the old connection: their requests are rejected, so that they are sent again. */
  async #sendAgainOnceReconnected(): Promise<void> {
    for await (const { type } of this.#options.connection.status())
      if (type === 'reconnect') this.#requests.fail(new Error('the connection was lost'));
  }

  /** Sends a segment until it is acknowledged. Readers sort the segments and drop duplicates. */
  async #send(subject: string, bytes: Bytes): Promise<void> {
    const since = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        const { data } = await this.#requests.ask({ subject, body: bytes }, ACK_WITHIN_MS);
        checkStored(JSON.parse(Buffer.from(data).toString('utf8')) as Acknowledgement);
        this.#inVain = false;
        return;
      } catch (error) {
        if (this.#options.connection.isClosed() || performance.now() - since > GIVE_UP_MS) throw error;
        await new Promise<void>((resolve) => setTimeout(resolve, doubled(50, attempt, RETRY_MS_MOST)));
      }
    }
  }
}

const nameOf = ({ self }: Incarnation): string => `${self.actor}/${self.instance}`;

/**
 * How many of the waiting recordings are written now. Few are all written at once; of many, an equal share each time, since
 * writing all of them together would briefly block the process and the broker.
 */
export const planShare = (waiting: number, everyMs: number): number =>
  Math.ceil(everyMs * Math.max(SEGMENTS_A_SECOND / 1_000, waiting / WAIT_MS_MOST));

/** A stream's answer to a published message. */
interface Acknowledgement {
  readonly seq?: number;
  readonly error?: { readonly description?: string };
}

/** @throws Error when the message was not stored */
function checkStored({ seq, error }: Acknowledgement): void {
  if (error !== undefined || seq === undefined) throw new Error(error?.description ?? 'no stream stored it');
}

const weightOf = (rec: Rec, out: readonly Outgoing[]): number => {
  const heard = rec.t === 'call' ? rec.body : rec.t === 'answer' ? rec.result : undefined;
  return out.reduce((sum, { bytes }) => sum + bytes.length, heard instanceof Uint8Array ? heard.length : 0);
};

const isEventful = (rec: Rec, out: readonly Outgoing[]): boolean =>
  (rec.t !== 'due' && !(rec.t === 'call' && LATEST_HEADER in rec.headers)) ||
  out.some(({ said }) => said.kind !== 'publish');
