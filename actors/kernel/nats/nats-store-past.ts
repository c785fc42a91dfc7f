import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import { failure, type Status } from '../../../contracts/errors/status.ts';

/** A message that was heard: which one it is, tells the moment at which the server stored it. */
interface Heard {
  readonly sequence: number;
  readonly storedAt: number;
}

/** What was seen of a stream, so that one which was restored or rolled back meanwhile is known as another. */
export class StorePast {
  readonly #stream: string;
  readonly #onAlarm: (alarm: Status) => void;
  #seen = 0;
  #heard: Heard | undefined;
  #alarm: Status | undefined;

  /** @param onAlarm told once */
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
  /** The newest message heard since the last `forget`; 0 = none. */
  get heard(): number {
    return this.#heard?.sequence ?? 0;
  }

  /** The store has come as far as this. */
  saw(sequence: number): void {
    this.#seen = Math.max(this.#seen, sequence);
  }

  hear({ sequence, storedAt }: Heard): void {
    this.saw(sequence);
    this.#heard = { sequence, storedAt };
  }

  /** Another list begins: no message is known to be in it. */
  forget(): void {
    this.#heard = undefined;
  }

  /** The store says that this is its last sequence; it was asked when `seen` was `seenBefore`. */
  note(sequence: number, seenBefore: number): void {
    if (sequence < seenBefore) this.#raise(`its last revision is ${sequence}, ${seenBefore} was seen before`);
    else this.saw(sequence);
  }

  /** @param info of now, asked for when `seen` was `seenBefore` */
  async wentBack(info: StreamInfo, seenBefore: number, manager: JetStreamManager): Promise<boolean> {
    const last = info.state.last_seq;
    if (last < seenBefore) {
      this.note(last, seenBefore);
      this.#seen = last;
      return true;
    }
    // A restored store may have been written to since, past what was seen here: then that revision is another message.
    const heard = this.#heard;
    if (heard === undefined) return false;
    const message = await manager.streams.getMessage(this.#stream, { seq: heard.sequence });
    if (message === null || Math.abs(message.time.getTime() - heard.storedAt) <= 1) return false;
    this.#raise(`revision ${heard.sequence} is not the message that was seen before`);
    return true;
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
