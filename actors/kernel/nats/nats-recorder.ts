import type { NatsConnection } from 'nats';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { Bytes, Rec, Turn } from '../contract.ts';
import { type Sealer, SegmentWriter } from '../journal/journal.ts';
import type { Incarnation, Recorder } from '../journal/recorder.ts';
import { TurnKeeper } from '../journal/turn-keeper.ts';
import { LATEST_HEADER } from '../turns/call-routing.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { JournalWriter } from './nats-journal-writer.ts';

export interface RecorderOptions {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** Without it, bodies that carry secret data are recorded as empty. */
  readonly sealer?: Sealer;
  /** How often eventful turns are written, in milliseconds. Where many recordings have some they take turns: see `planShare`. */
  readonly flushMs?: number;
  /** Longest that whoever stops waits for the broker, in milliseconds. */
  readonly flushWithinMs?: number;
  readonly log: (line: string) => void;
}

export interface RecorderStats {
  /** Incarnations of which something is still to be written, or awaited. */
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

/** One turn, until it is written into its segment with those around it. */
interface HeardTurn {
  readonly incarnation: Incarnation;
  readonly turn: Turn;
  readonly out: readonly Outgoing[];
  /** Bytes that it holds back. */
  readonly weight: number;
}

/**
 * Turns that are written one after the other where they come fast: code that comes back with each turn drives whatever else the
 * process does out of the processor's caches, which costs as much again as it takes itself.
 */
const TOGETHER = 128;
/** What they hold back of memory, at most. */
const TOGETHER_BYTES = 256 * 1024;
/** Where they come slowly they are written this often, a slice at a time, I/O let in between: a turn may have to wait for that. */
const SLICE_MS = 20;
const SLICE_TURNS = 32;
const FLUSH_MS = 80;
/** Turns in which nothing happened (a timer, a heart-beat) wait this long for company: an idle cluster writes little. */
const IDLE_FLUSH_MS = 5_000;
/** A segment is closed when its bodies weigh this much. */
const SEGMENT_BYTES = 256 * 1024;
const SEGMENT_TURNS = 1_024;
/** Segments that may wait for the broker; beyond it turns gather in longer ones. */
const IN_FLIGHT_MAX = 64;
/** Segments a second that a process writes of many small ones: each costs the broker the same, however little is in it. */
const SEGMENTS_A_SECOND = 50;
/** About how long a recording waits for its turn where there are hundreds: what a crash may lose. */
const WAIT_MS_MOST = 4_000;
/** Segments written before I/O is let in: a process that hosts a thousand nodes has two thousand recordings. */
const AT_ONCE = 4;
/** As long as a segment may get while it waits for its turn; beyond it, it is dropped whole and counted. */
const HELD_BYTES = 2 * 1024 * 1024;
const STORED_WITHIN_MS = 5_000;
/** Until a first segment is stored: a worker may start before a master has created the stream, and nothing reports that. */
const FIRST_STORED_WITHIN_MS = 250;
/** A segment that a broker has not taken for this long, however often it was sent, is dropped and counted. */
const GIVE_UP_MS = 120_000;
const RETRY_MS_MOST = 1_000;
const FLUSH_WITHIN_MS = 3_000;

/** Writes what actors heard and said to the journal stream, in segments, never making anybody wait. */
export class NatsRecorder implements Recorder {
  readonly #options: RecorderOptions;
  readonly #journal: JournalWriter;
  #hasStored = false;
  readonly #heard: HeardTurn[] = [];
  #heardBytes = 0;
  readonly #buffers = new Map<Incarnation, SegmentInProgress>();
  /** Number of the newest incarnation of each actor and instance; of one before it nothing more comes. */
  readonly #newest = new Map<string, number>();
  /** Those in which something would be missed, the longest waiting first; heart-beats alone can wait. */
  readonly #eventful = new Set<SegmentInProgress>();
  readonly #inFlight = new Set<Promise<void>>();
  /** Turns will be written in slices, or are being. */
  #slicing = false;
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Segments to be written as soon as the broker and I/O have room, the longest waiting first. */
  readonly #due = new Set<SegmentInProgress>();
  #pumping = false;
  #turns = 0;
  #segments = 0;
  #bytes = 0;
  #dropped = 0;
  /** Somebody waited for the broker in vain: until it takes a segment again the other actors of a process that stops need not wait as well. */
  #inVain = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#journal = new JournalWriter(options.connection, options.prefix);
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
      this.#drop(buffer, String(error)); // whoever is recorded must not fail because of it
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

  /** What had company enough waits its turn with the others. */
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

  /** Those of which there is something to write; those of which there is nothing left to know are forgotten. */
  #begun(): readonly SegmentInProgress[] {
    for (const [incarnation, { segment, gap, keeper }] of this.#buffers)
      if (segment.turns === 0 && (this.#isOver(incarnation) || (gap === 0 && keeper.idle)))
        this.#buffers.delete(incarnation);
    return [...this.#buffers.values()].filter(({ segment }) => segment.turns > 0);
  }

  /** Another has begun in its place, and answers to what it asked are for nobody. */
  #isOver(incarnation: Incarnation): boolean {
    return !incarnation.driver && incarnation.incarnation < (this.#newest.get(nameOf(incarnation)) ?? 0);
  }

  #writeSoon(buffers: readonly SegmentInProgress[]): void {
    for (const buffer of buffers) this.#due.add(buffer);
    if (!this.#pumping) this.#pump();
  }

  /** Goes on by itself after I/O, and after an acknowledgement when as much as may be is under way. */
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
    this.#options.log(`warning: recording of ${actor}: ${why}; ${turns} turns are lost to replay`);
  }

  #write(buffer: SegmentInProgress): void {
    const { incarnation, segment, gap } = buffer;
    const { turns } = segment;
    const bytes = segment.take(gap);
    this.#eventful.delete(buffer);
    buffer.gap = 0;
    this.#segments += 1;
    this.#bytes += bytes.length;
    const sent: Promise<void> = this.#send(incarnation.self, bytes).catch((error: unknown) =>
      this.#lose(buffer, turns, error instanceof Error ? error.message : String(error)),
    );
    this.#inFlight.add(sent);
    void sent.finally(() => {
      this.#inFlight.delete(sent);
      if (!this.#pumping) this.#pump();
    });
  }

  /** What was under way, or said meanwhile, may have gone with the old connection: it is not waited for. */
  async #sendAgainOnceReconnected(): Promise<void> {
    for await (const { type } of this.#options.connection.status())
      if (type === 'reconnect') this.#journal.fail(new Error('the connection was lost'));
  }

  /** Sends until it is stored; readers restore the order and leave out duplicates. */
  async #send(self: Incarnation['self'], bytes: Bytes): Promise<void> {
    const since = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#journal.write(self, bytes, this.#hasStored ? STORED_WITHIN_MS : FIRST_STORED_WITHIN_MS);
        this.#hasStored = true;
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
 * How many of the recordings that wait are written now. Few are written at once; of many an even share each time, since all
 * of them together would hold up for a moment whatever else the process and the broker do.
 */
export const planShare = (waiting: number, everyMs: number): number =>
  Math.ceil(everyMs * Math.max(SEGMENTS_A_SECOND / 1_000, waiting / WAIT_MS_MOST));

const weightOf = (rec: Rec, out: readonly Outgoing[]): number => {
  const heard = rec.t === 'call' ? rec.body : rec.t === 'answer' ? rec.result : undefined;
  return out.reduce((sum, { bytes }) => sum + bytes.length, heard instanceof Uint8Array ? heard.length : 0);
};

const isEventful = (rec: Rec, out: readonly Outgoing[]): boolean =>
  (rec.t !== 'due' && !(rec.t === 'call' && LATEST_HEADER in rec.headers)) ||
  out.some(({ said }) => said.kind !== 'publish');
