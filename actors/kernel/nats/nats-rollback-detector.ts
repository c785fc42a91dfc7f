import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import { failure, type Status } from '../../../contracts/errors/status.ts';

/** A received message. The time at which the server stored it identifies it. */
interface Heard {
  readonly sequence: number;
  readonly storedAt: number;
}

/** How many received messages are remembered. If none of them is left in the stream, its identity cannot be verified. */
const HEARD_MAX = 16;

/** The state of a stream, as reported by the server. */
export type StreamState = Pick<StreamInfo, 'created' | 'state'>;

/** Is a stream the one seen before? `unknown`: none of the remembered messages is left in it. */
type Sameness = 'same' | 'unknown' | 'another';

/** Detects that a stream was restored from a backup, rolled back or replaced, by what was seen of it before. */
export class RollbackDetector {
  readonly #stream: string;
  readonly #onAlarm: (alarm: Status) => void;
  #created: string | undefined;
  #seen = 0;
  /** The newest last. */
  readonly #heard: Heard[] = [];
  #alarm: Status | undefined;

  /** @param onAlarm called once */
  constructor(stream: string, onAlarm: (alarm: Status) => void) {
    this.#stream = stream;
    this.#onAlarm = onAlarm;
  }

  /** Why nothing may be written: the store went back in time. */
  get alarm(): Status | undefined {
    return this.#alarm;
  }
  /** Newest sequence ever seen. */
  get seen(): number {
    return this.#seen;
  }
  /** Sequence of the newest message received since the last `begin`; 0 = none. */
  get heard(): number {
    return this.#heard.at(-1)?.sequence ?? 0;
  }

  /** The store has reached `sequence`. */
  saw(sequence: number): void {
    this.#seen = Math.max(this.#seen, sequence);
  }

  hear({ sequence, storedAt }: Heard): void {
    this.saw(sequence);
    this.#heard.push({ sequence, storedAt });
    if (this.#heard.length > HEARD_MAX) this.#heard.shift();
  }

  /** Listing this stream begins: forgets the messages received so far. */
  begin({ created }: StreamState): void {
    this.#created = created;
    this.#heard.length = 0;
  }

  /**
   * Checks a state reported by the store.
   * @param seenBefore `seen` at the time of the request
   * @returns whether the store is another one or went back
   */
  note({ created, state: { last_seq: last } }: StreamState, seenBefore: number): boolean {
    if (last < seenBefore) this.#raise(`its last revision is ${last}, ${seenBefore} was seen before`);
    else if (this.#created !== undefined && created !== this.#created)
      this.#raise(`its stream was made at ${created}, the one seen before at ${this.#created}`);
    else {
      this.saw(last);
      return false;
    }
    return true;
  }

  /** Checks a reported state and looks the remembered messages up. @param seenBefore `seen` at the time of the request */
  async compare(info: StreamState, seenBefore: number, manager: JetStreamManager): Promise<Sameness> {
    if (this.note(info, seenBefore)) {
      this.#seen = info.state.last_seq;
      return 'another';
    }
    // A restored store may have been written to beyond the revision seen here. That revision is then a different message.
    for (const { sequence, storedAt } of this.#heard.toReversed()) {
      const message = await manager.streams.getMessage(this.#stream, { seq: sequence });
      if (message === null) continue; // its object was deleted, or has changed often since
      if (Math.abs(message.time.getTime() - storedAt) <= 1) return 'same';
      this.#raise(`revision ${sequence} is not the message that was seen before`);
      return 'another';
    }
    return 'unknown';
  }

  #raise(finding: string): void {
    if (this.#alarm !== undefined) return;
    this.#alarm = failure(
      'ServiceUnavailable',
      `write to ${this.#stream}: the store went back in time (${finding}), it was restored or rolled back; restart the masters to accept its state`,
    );
    this.#onAlarm(this.#alarm);
  }
}
