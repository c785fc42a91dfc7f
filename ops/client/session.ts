import type { Msg, Subscription } from 'nats';
import { ArrivedMessage } from '../../actors/kernel/nats/nats-arrived-message.ts';
import { guarded } from '../../actors/kernel/nats/nats-guarded-callback.ts';
import { rawHeaders } from '../../actors/kernel/nats/nats-headers.ts';
import { encodePlainHeaders } from '../../actors/kernel/live/message-headers.ts';
import { decode, encodeMsgpack, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import { StatusError, statusError } from '../../contracts/errors/status.ts';
import { HEADER, type Headers } from '../../contracts/headers.ts';
import {
  CONTROL,
  EXIT,
  type ExecOptions,
  type PortForwardOptions,
  type SessionControl,
  type SessionExit,
  type SessionOpened,
} from '../../contracts/messages/sessions.ts';
import { chunkHeaders, chunkOf } from '../../actors/sessions/link/chunk-headers.ts';
import { SessionPeer } from '../../actors/sessions/link/session-peer.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Client } from './client.ts';

export type { SessionExit };

const TICK_MS = 1_000;

interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** Opens a session that runs a command in a container. @throws StatusError */
export const openExec = (client: Client, pod: PodName, options: ExecOptions): Promise<ClientSession> =>
  open(client, 'pods/exec', pod, options);

/** Opens a session that connects to ports of a pod. @throws StatusError */
export const openPortForward = (client: Client, pod: PodName, options: PortForwardOptions): Promise<ClientSession> =>
  open(client, 'pods/portforward', pod, options);

async function open(client: Client, resource: string, pod: PodName, body: unknown): Promise<ClientSession> {
  return new ClientSession(client, await client.request<SessionOpened>('create', resource, pod, body));
}

/** The client's side of a session. Open the channels of `peer`, then call `start`. */
export class ClientSession {
  readonly peer: SessionPeer;
  readonly opened: SessionOpened;
  /** How it ended, when all bytes that came were passed on. Rejects with a StatusError when the connection to the node is lost. */
  readonly ended: Promise<SessionExit>;
  readonly #client: Client;
  readonly #subscription: Subscription;
  readonly #ticking: NodeJS.Timeout;
  #resolve: (exit: SessionExit) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(client: Client, opened: SessionOpened) {
    this.#client = client;
    this.opened = opened;
    const { id, node } = opened;
    this.peer = new SessionPeer(
      {
        chunk: (channel, chunk) => this.#publish(channel, chunk.bytes, chunkHeaders(chunk)),
        control: (control) => this.#publish(CONTROL, encodeMsgpack(control), { [HEADER.contentType]: MSGPACK_TYPE }),
      },
      performance.now(),
    );
    this.ended = new Promise<SessionExit>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.ended.catch(() => undefined);
    this.#subscription = client.connection.subscribe(
      SUBJECTS.sessionOutput.pattern(client.prefix, { caller: client.caller, node, id }),
      {
        callback: guarded(
          (error, message) => (error === null ? this.#heard(message) : this.#fail(error)),
          (failure) => this.#fail(failure),
        ),
      },
    );
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  /** The channels are open: the node may begin. */
  start(): void {
    this.peer.beat(performance.now());
  }

  control(more: SessionControl): void {
    this.peer.beat(performance.now(), more);
  }

  /** Leaves the session; the node ends what it can. */
  close(): void {
    if (!this.#client.connection.isClosed()) this.control({ close: true });
    this.#stop();
    this.#resolve({ error: 'closed', bytesSent: this.peer.bytesReceived, bytesReceived: this.peer.bytesSent });
  }

  #publish(channel: string, bytes: Uint8Array, headers: Headers): void {
    const { caller, prefix, connection } = this.#client;
    const { id, node } = this.opened;
    const subject = SUBJECTS.session.subject(prefix, { caller, node, id, channel });
    try {
      connection.publish(subject, bytes, { headers: rawHeaders(encodePlainHeaders(headers)) });
    } catch (error) {
      this.#fail(this.#client.ended ?? (error as Error));
    }
  }

  #heard(message: Msg): void {
    const now = performance.now();
    const { headers, data, subject } = new ArrivedMessage(message);
    const named = headers?.named ?? {};
    const channel = SUBJECTS.sessionOutput.parse(this.#client.prefix, subject)?.channel ?? '';
    if (channel === CONTROL) this.peer.heardControl(decode(data, named[HEADER.contentType]) as SessionControl, now);
    else if (channel === EXIT) this.#exit(decode(data, named[HEADER.contentType]) as SessionExit);
    else this.peer.heardChunk(channel, chunkOf(named, data), now);
  }

  #exit(exit: SessionExit): void {
    this.#stop();
    this.peer.fail(new Error(exit.error ?? 'the session is over'));
    void this.peer.drained().then(() => this.#resolve(exit));
  }

  #tick(): void {
    try {
      this.peer.tick(performance.now());
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#stop();
    this.peer.fail(error);
    const { node } = this.opened;
    this.#reject(
      error instanceof StatusError
        ? error
        : statusError('ServiceUnavailable', `the session with node "${node}" broke: ${error.message}`),
    );
  }

  #stop(): void {
    clearInterval(this.#ticking);
    this.#subscription.unsubscribe();
  }
}
