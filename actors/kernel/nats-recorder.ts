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
  /** Longest that an eventful turn waits to be written, in milliseconds: what a crash may lose of the recording. */
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
  /** A segment waits until another is acknowledged. */
  #holding = false;
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
    if (buffer.weight >= SEGMENT_BYTES || buffer.turns.length >= SEGMENT_TURNS) this.#write(buffer);
    buffer.eventful ||= isEventful(turn.rec, out);
    if (buffer.eventful) this.#timer ??= setTimeout(() => this.#writeEventful(), this.#options.flushMs ?? FLUSH_MS);
    else this.#idleTimer ??= setTimeout(() => this.#writeAll(), IDLE_FLUSH_MS);
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

  /** What waits for another segment's acknowledgement is sent after it, so it takes more than one look. */
  async #settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  #writeEventful(): void {
    this.#timer = undefined;
    for (const buffer of this.#buffers.values()) if (buffer.eventful) this.#write(buffer);
  }

  #writeAll(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#idleTimer);
    this.#timer = undefined;
    this.#idleTimer = undefined;
    for (const [incarnation, buffer] of this.#buffers) {
      if (buffer.turns.length > 0) this.#write(buffer);
      else if (buffer.gap === 0 && buffer.keeper.idle) this.#buffers.delete(incarnation);
    }
  }

  #write(buffer: SegmentInProgress): void {
    const full = this.#inFlight.size >= IN_FLIGHT_MAX;
    if (full && buffer.weight < HELD_BYTES) {
      this.#holding = true;
      return;
    }
    const { incarnation, turns } = buffer;
    buffer.turns = [];
    buffer.weight = 0;
    buffer.eventful = false;
    const drop = (why: string): void => {
      buffer.gap += turns.length;
      this.#dropped += turns.length;
      this.#options.log(
        `warning: recording of ${incarnation.self.actor}: ${why}; ${turns.length} turns are lost to replay`,
      );
    };
    if (full) {
      drop('the broker does not keep up');
      return;
    }
    let bytes: Bytes;
    try {
      bytes = encodeSegment({ incarnation, gap: buffer.gap, turns });
    } catch (error) {
      drop(String(error)); // whoever is recorded must not fail because of it
      return;
    }
    buffer.gap = 0;
    this.#segments += 1;
    this.#bytes += bytes.length;
    const { actor, instance } = incarnation.self;
    const subject = SUBJECTS.journal.subject(this.#options.prefix, { actor, instance });
    const sent: Promise<void> = this.#send(subject, bytes).catch((error: unknown) =>
      drop(error instanceof Error ? error.message : String(error)),
    );
    this.#inFlight.add(sent);
    void sent.finally(() => {
      this.#inFlight.delete(sent);
      if (!this.#holding) return;
      this.#holding = false;
      this.#writeAll();
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

function weightOf(rec: Rec): number {
  if (rec.t === 'start') return rec.checkpoint === undefined ? 64 : JSON.stringify(rec.checkpoint.cells).length;
  if (rec.t === 'call') return rec.body instanceof Uint8Array ? rec.body.length : 64;
  if (rec.t === 'answer') return rec.result instanceof Uint8Array ? (rec.result as Bytes).length : 64;
  return rec.t === 'change' ? rec.keys.length * 32 : 64;
}

const isEventful = (rec: Rec, out: readonly Outgoing[]): boolean =>
  (rec.t !== 'due' && !(rec.t === 'call' && LATEST_HEADER in rec.headers)) ||
  out.some(({ said }) => said.kind !== 'publish');
