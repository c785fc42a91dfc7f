import { decode } from '../../contracts/codec/codec.ts';
import { HEADER, type Headers } from '../../contracts/headers.ts';
import {
  CONTROL,
  EXIT,
  type SessionControl,
  type SessionExit,
  type SessionRequest,
  type TerminalSize,
} from '../../contracts/messages/sessions.ts';
import { chunkOf } from './link/chunk-headers.ts';
import { SessionPeer, type SessionSender } from './link/session-peer.ts';
import { parseControl } from './parse-session-request.ts';

/** What a session does for its client. */
export interface Work {
  /** A channel that is not open yet: may the client open it? Then it is opened here. */
  open?(channel: string): void;
  resize?(size: TerminalSize): void;
  /** The session has ended before the work did. */
  stop(): void;
}

/** Starts the work. @returns it, and how it ends by itself; `finished` rejects when it fails */
export type StartWork = (peer: SessionPeer) => {
  readonly work: Work;
  readonly finished: Promise<{ exitCode?: number }>;
};

interface SessionOptions {
  readonly request: SessionRequest;
  readonly start: StartWork;
  readonly sender: SessionSender;
  /** Sends the last message; called once. */
  readonly exit: (exit: SessionExit) => void;
  readonly now: number;
}

/** The node's side of one session. Its work starts when the client says its first word. */
export class Session {
  readonly caller: string;
  readonly #peer: SessionPeer;
  readonly #start: StartWork;
  readonly #exit: (exit: SessionExit) => void;
  #work: Work | undefined;
  #isOver = false;

  constructor({ request, start, sender, exit, now }: SessionOptions) {
    this.caller = request.caller;
    this.#peer = new SessionPeer(sender, now);
    this.#start = start;
    this.#exit = exit;
  }

  /** A message of the client. */
  heard(channel: string, bytes: Uint8Array, headers: Headers, now: number): void {
    try {
      if (channel === CONTROL) this.#control(parseControl(decode(bytes, headers[HEADER.contentType])), now);
      else if (channel !== EXIT && this.#work !== undefined) {
        if (!this.#peer.isOpen(channel)) this.#work.open?.(channel);
        this.#peer.heardChunk(channel, chunkOf(headers, bytes), now);
      }
    } catch (error) {
      this.end({ error: (error as Error).message });
    }
  }

  /** To be called every second. */
  tick(now: number): void {
    try {
      this.#peer.tick(now);
    } catch (error) {
      this.end({ error: (error as Error).message });
    }
  }

  end(how: Pick<SessionExit, 'exitCode' | 'error'>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#peer.fail(new Error(how.error ?? 'the session is over'));
    if (how.exitCode === undefined) this.#work?.stop();
    this.#exit({ ...how, bytesSent: this.#peer.bytesSent, bytesReceived: this.#peer.bytesReceived });
  }

  #control(control: SessionControl, now: number): void {
    if (this.#work === undefined && control.close !== true) {
      const { work, finished } = this.#start(this.#peer);
      this.#work = work;
      finished.then(
        (how) => this.end(how),
        (error: unknown) => this.end({ error: (error as Error).message }),
      );
      this.#peer.beat(now);
    }
    this.#peer.heardControl(control, now);
    if (control.size !== undefined) this.#work?.resize?.(control.size);
    if (control.close === true) this.end({ error: 'the client closed the session' });
  }
}
