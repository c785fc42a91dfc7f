/** Size of a terminal, in characters. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** Body of `create pods/exec`; names as in Kubernetes' PodExecOptions. */
export interface ExecOptions {
  /** May be omitted when the pod has one container, or names its default in an annotation. */
  readonly container?: string;
  readonly command: readonly string[];
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** Run the command in a terminal: its stdout and stderr are one. */
  readonly tty?: boolean;
  /** The terminal's size at the start. */
  readonly size?: TerminalSize;
}

/** Body of `create pods/portforward`. */
export interface PortForwardOptions {
  /** The only ports of the pod that the session may connect to. */
  readonly ports: readonly number[];
}

/** What a session does on its node. */
export type SessionWork =
  | ({ readonly kind: 'exec' } & Omit<ExecOptions, 'container'> & { readonly container: string })
  | ({ readonly kind: 'portforward' } & PortForwardOptions);

/** Body of `node.<node>.sessions`: the api-server has authorised this session. */
export interface SessionRequest {
  /** Unguessable. */
  readonly id: string;
  /** NATS user of the client: the session hears and answers it alone. */
  readonly caller: string;
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly work: SessionWork;
}

/** Answer of `create pods/exec` and `create pods/portforward`: where the client goes on. */
export interface SessionOpened {
  readonly kind: 'Session';
  /** `<id>` in the session's subjects. */
  readonly id: string;
  /** `<node>` in the session's subjects. */
  readonly node: string;
  /** Of an exec: the container. */
  readonly container?: string;
}

/** Bytes on a channel: the body as it is, the rest in headers. A channel's chunks follow each other without a gap. */
export interface SessionChunk {
  /** Bytes of this channel before this chunk; header `Troupe-Offset`. */
  readonly offset: number;
  /** At most 64 KiB. */
  readonly bytes: Uint8Array;
  /** No more will follow: `ok`, or why the channel failed; header `Troupe-End`. */
  readonly end?: string;
}

/**
 * On the channel `control`, at least every 5 s from each side: that it is still there, and how far each channel is. The first one of a
 * client starts the session's work.
 */
export interface SessionControl {
  /** Channel -> bytes that the receiver has taken: the sender may be 256 KiB ahead of them. */
  readonly taken?: Readonly<Record<string, number>>;
  /** Channel -> bytes that were sent: a receiver that has fewer has lost some. */
  readonly sent?: Readonly<Record<string, number>>;
  /** From the client: the new size of the terminal. */
  readonly size?: TerminalSize;
  /** From the client: it has no more interest. */
  readonly close?: true;
}

/** On the channel `exit`, the node's last message of a session. */
export interface SessionExit {
  /** Of an exec whose command ended by itself. */
  readonly exitCode?: number;
  /** Why the session ended otherwise, for people. */
  readonly error?: string;
  /** By the node, on all channels. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** Channels with a meaning of their own; every other one carries bytes. */
export const CONTROL = 'control';
export const EXIT = 'exit';
