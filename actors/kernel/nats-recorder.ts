import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Bytes, Rec, Turn } from './contract.ts';
import { LATEST_HEADER } from './heard-calls.ts';
import { encodeSegment, type RecordedTurn, type Sealer } from './journal.ts';
import type { Outgoing } from './outgoing.ts';
import type { Incarnation, Recorder } from './recorder.ts';
import { TurnKeeper } from './turn-keeper.ts';

export interface RecorderOptions {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** Without it, bodies that carry secret data are recorded as empty. */
  readonly sealer?: Sealer;
  /** How long an eventful turn waits to be written, in milliseconds: what a crash may lose. With hundreds of recordings longer. */
  readonly flushMs?: number;
  readonly log: (line: string) => void;
}

export interface RecorderStats {
  readonly turns: number;
  readonly segments: number;
  readonly bytes: number;
  /** Turns dropped because the broker did not keep up. */
  readonly dropped: number;
}

interface SegmentInProgress {
  readonly incarnation: Incarnation;
  turns: RecordedTurn[];
  weight: number;
  gap: number;
  /** Something in it would be missed; heart-beats alone can wait. */
  eventful: boolean;
  readonly keeper: TurnKeeper;
}

const FLUSH_MS = 50;
/** Turns in which nothing happened (a timer, a heart-beat) wait this long for company: an idle cluster writes little. */
const IDLE_FLUSH_MS = 5_000;
/** A segment is closed when its bodies weigh this much. */
const SEGMENT_BYTES = 256 * 1024;
const SEGMENT_TURNS = 1_024;
/** Segments that may wait for the broker; beyond it turns gather in longer ones. */
const IN_FLIGHT_MAX = 64;
/** Segments a second that a process writes for company's sake: each costs the broker the same, however little is in it. */
const SEGMENTS_A_SECOND = 300;
const FLUSH_MS_MOST = 2_000;
/** Segments written before I/O is let in: a process that hosts a thousand nodes has two thousand recordings. */
const AT_ONCE = 16;
/** As long as a segment may get while it waits for its turn; beyond it, it is dropped whole and counted. */
const HELD_BYTES = 2 * 1024 * 1024;
const ACK_WITHIN_MS = 5_000;
/** A segment that a broker has not taken for this long, however often it was sent, is dropped and counted. */
const GIVE_UP_MS = 120_000;
const RETRY_MS_MOST = 1_000;
/** Longest that whoever stops waits for the broker. */
const FLUSH_WITHIN_MS = 10_000;

/** Writes what actors heard and said to the journal stream, in segments, never making anybody wait. */
export class NatsRecorder implements Recorder {
  readonly #options: RecorderOptions;
  readonly #js: JetStreamClient;
  readonly #buffers = new Map<Incarnation, SegmentInProgress>();
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Segments to be written as soon as the broker and I/O have room, the longest waiting first. */
  readonly #due = new Set<SegmentInProgress>();
  #pumping = false;
  #turns = 0;
  #segments = 0;
  #bytes = 0;
  #dropped = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#js = jetstream(options.connection);
  }

  stats(): RecorderStats {
    return { turns: this.#turns, segments: this.#segments, bytes: this.#bytes, dropped: this.#dropped };
  }

  record(incarnation: Incarnation, turn: Turn, out: readonly Outgoing[]): void {
    let buffer = this.#buffers.get(incarnation);
    if (buffer === undefined) {
      const keeper = new TurnKeeper(this.#options.sealer);
      buffer = { incarnation, turns: [], weight: 0, gap: 0, eventful: false, keeper };
      this.#buffers.set(incarnation, buffer);
    }
    const kept = buffer.keeper.keep(turn, out);
    buffer.turns.push(kept);
    buffer.weight += weightOf(kept.rec) + out.reduce((sum, o) => sum + Math.min(o.bytes.length, 512), 64);
    this.#turns += 1;
    if (buffer.weight >= HELD_BYTES && this.#inFlight.size >= IN_FLIGHT_MAX) this.#drop(buffer);
    else if (buffer.weight >= SEGMENT_BYTES || buffer.turns.length >= SEGMENT_TURNS) this.#writeSoon([buffer]);
    buffer.eventful ||= isEventful(turn.rec, out);
    if (buffer.eventful) this.#timer ??= setTimeout(() => this.#writeEventful(), this.#flushMs());
    else this.#idleTimer ??= setTimeout(() => this.#writeAll(), IDLE_FLUSH_MS);
  }

  /** The more recordings a process has, the longer each waits: one that plays hundreds of nodes loses more when killed. */
  #flushMs(): number {
    const shared = Math.min(FLUSH_MS_MOST, (1_000 * this.#buffers.size) / SEGMENTS_A_SECOND);
    return Math.max(this.#options.flushMs ?? FLUSH_MS, shared);
  }

  async flush(): Promise<void> {
    this.#writeAll();
    let timer: NodeJS.Timeout | undefined;
    const longEnough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FLUSH_WITHIN_MS);
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
    this.#writeSoon([...this.#buffers.values()].filter(({ eventful }) => eventful));
  }

  #writeAll(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#idleTimer);
    this.#timer = undefined;
    this.#idleTimer = undefined;
    for (const [incarnation, { turns, gap, keeper }] of this.#buffers)
      if (turns.length === 0 && gap === 0 && keeper.idle) this.#buffers.delete(incarnation);
    this.#writeSoon([...this.#buffers.values()].filter(({ turns }) => turns.length > 0));
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

  #drop(buffer: SegmentInProgress): void {
    this.#lose(buffer, buffer.turns, 'the broker does not keep up');
    this.#due.delete(buffer);
    begin(buffer);
  }

  #lose(buffer: SegmentInProgress, turns: readonly RecordedTurn[], why: string): void {
    buffer.gap += turns.length;
    this.#dropped += turns.length;
    const { actor } = buffer.incarnation.self;
    this.#options.log(`warning: recording of ${actor}: ${why}; ${turns.length} turns are lost to replay`);
  }

  #write(buffer: SegmentInProgress): void {
    const { incarnation, turns } = buffer;
    begin(buffer);
    let bytes: Bytes;
    try {
      bytes = encodeSegment({ incarnation, gap: buffer.gap, turns });
    } catch (error) {
      this.#lose(buffer, turns, String(error)); // whoever is recorded must not fail because of it
      return;
    }
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

  /** Sends until it is acknowledged; readers put the order right and leave out what came twice. */
  async #send(subject: string, bytes: Bytes): Promise<void> {
    const since = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#js.publish(subject, bytes, { timeout: ACK_WITHIN_MS });
        return;
      } catch (error) {
        if (this.#options.connection.isClosed() || performance.now() - since > GIVE_UP_MS) throw error;
        await new Promise<void>((resolve) => setTimeout(resolve, Math.min(RETRY_MS_MOST, 50 * 2 ** attempt)));
      }
    }
  }
}

/** A segment of its own begins. */
function begin(buffer: SegmentInProgress): void {
  buffer.turns = [];
  buffer.weight = 0;
  buffer.eventful = false;
}

function weightOf(rec: Rec): number {
  if (rec.t === 'start') return rec.checkpoint === undefined ? 64 : JSON.stringify(rec.checkpoint.cells).length;
  if (rec.t === 'call') return rec.body instanceof Uint8Array ? rec.body.length : 64;
  if (rec.t === 'answer') return rec.result instanceof Uint8Array ? (rec.result as Bytes).length : 64;
  return rec.t === 'change' ? rec.keys.length * 32 : 64;
}

const isEventful = (rec: Rec, out: readonly Outgoing[]): boolean =>
  (rec.t !== 'due' && !(rec.t === 'call' && LATEST_HEADER in rec.headers)) ||
  out.some(({ said }) => said.kind !== 'publish');
