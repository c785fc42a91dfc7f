import { statusError } from '../../../contracts/errors/status.ts';
import type { SessionChunk, SessionControl } from '../../../contracts/messages/sessions.ts';
import { IncomingChannel, OutgoingChannel, type Sink } from './channels.ts';

/** Each side says at least this often that it is there. */
export const BEAT_MS = 5_000;
/** A side that says nothing for this long has gone. */
export const SILENCE_MS = 15_000;

/** How a side of a session sends. */
export interface SessionSender {
  chunk(channel: string, chunk: SessionChunk): void;
  control(control: SessionControl): void;
}

/** One side of a session: its channels in both directions. It has no clock: its owner calls `tick`. */
export class SessionPeer {
  readonly #sender: SessionSender;
  readonly #outgoing = new Map<string, OutgoingChannel>();
  readonly #incoming = new Map<string, IncomingChannel>();
  /** On all channels. */
  bytesSent = 0;
  bytesReceived = 0;
  #heardAt: number;
  #spokeAt: number;

  /** @param now milliseconds on any clock, the one of `tick` */
  constructor(sender: SessionSender, now: number) {
    this.#sender = sender;
    this.#heardAt = now;
    this.#spokeAt = now;
  }

  /** Opens a channel to the other side. */
  send(channel: string): OutgoingChannel {
    const opened = new OutgoingChannel((chunk) => {
      this.bytesSent += chunk.bytes.length;
      this.#sender.chunk(channel, chunk);
    });
    this.#outgoing.set(channel, opened);
    return opened;
  }

  /** Opens a channel from the other side. */
  receive(channel: string, sink: Sink): IncomingChannel {
    const opened = new IncomingChannel(channel, sink, (taken) => {
      this.#sender.control({ taken: { [channel]: taken } });
      if (opened.isDone) this.#incoming.delete(channel);
    });
    this.#incoming.set(channel, opened);
    return opened;
  }

  isOpen(channel: string): boolean {
    return this.#incoming.has(channel);
  }

  /** @throws StatusError when bytes were lost, or too many came */
  heardChunk(channel: string, chunk: SessionChunk, now: number): void {
    this.#heardAt = now;
    const incoming = this.#incoming.get(channel);
    if (incoming === undefined) return;
    this.bytesReceived += chunk.bytes.length;
    incoming.heard(chunk);
  }

  /** @throws StatusError when bytes were lost */
  heardControl({ taken = {}, sent = {} }: SessionControl, now: number): void {
    this.#heardAt = now;
    for (const [channel, position] of Object.entries(taken)) {
      const outgoing = this.#outgoing.get(channel);
      outgoing?.taken(position);
      if (outgoing?.isDone === true) this.#outgoing.delete(channel);
    }
    for (const [channel, position] of Object.entries(sent)) this.#incoming.get(channel)?.expect(position);
  }

  /** Says that this side is there, and how far each channel is. */
  beat(now: number, more: SessionControl = {}): void {
    this.#spokeAt = now;
    const taken = Object.fromEntries([...this.#incoming].map(([name, channel]) => [name, channel.taken]));
    const sent = Object.fromEntries([...this.#outgoing].map(([name, channel]) => [name, channel.position]));
    this.#sender.control({ taken, sent, ...more });
  }

  /** To be called every second. @throws StatusError when the other side has been silent for too long */
  tick(now: number): void {
    if (now - this.#heardAt >= SILENCE_MS)
      throw statusError('Timeout', `the other side of the session was silent for ${SILENCE_MS / 1000} s`);
    if (now - this.#spokeAt >= BEAT_MS) this.beat(now);
  }

  /** Resolves when everything received so far was passed on. */
  async drained(): Promise<void> {
    await Promise.all([...this.#incoming.values()].map(({ drained }) => drained));
  }

  /** Frees all writers: the session is over. */
  fail(error: Error): void {
    for (const channel of this.#outgoing.values()) channel.fail(error);
  }
}
