import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { type StatusError, statusError } from '../../contracts/errors/status.ts';

/** A helper without work ends after this time. */
const IDLE_MS = 30_000;
const CONNECT_MS = 30_000;

/**
 * Runs in the pod's network namespace: connects to its loopback address and passes the socket on. It must not read: what a server
 * says first belongs to whoever gets the socket.
 */
const HELPER = `
const { connect } = require('node:net');
const hosts = ['127.0.0.1', '::1'];
process.on('message', ({ id, port }) => {
  let finding;
  const attempt = (at) => {
    const socket = connect({ port, host: hosts[at], allowHalfOpen: true });
    socket.pause();
    socket.once('connect', () => process.send({ id }, socket, { keepOpen: false }));
    socket.once('error', ({ code, message }) => {
      finding ||= code || message;
      if (at + 1 < hosts.length) attempt(at + 1);
      else process.send({ id, error: finding });
    });
  };
  attempt(0);
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
`;

interface HelperMessage {
  readonly ready?: true;
  readonly id?: number;
  readonly error?: string;
}

/** The process that holds a pod's network. */
export interface PodNetwork {
  readonly containerId: string;
  /** On the engine's machine. */
  readonly pid: number;
  readonly ip: string | undefined;
}

/**
 * Connects to ports of pods. Where this process may enter the pod's network namespace, also to those that are open on the pod's
 * loopback address alone; elsewhere (an engine on another machine, no root) only to the pod's address.
 */
export class PodConnector {
  readonly #helpers = new Map<string, Promise<Helper | undefined>>();

  /** @throws StatusError when nothing listens */
  async connect(pod: PodNetwork, port: number): Promise<Socket> {
    const helper = await this.#helper(pod);
    if (helper !== undefined) return helper.connect(port);
    if (pod.ip === undefined) throw refused(port, 'the pod has no address');
    return dial(pod.ip, port);
  }

  close(): void {
    for (const starting of this.#helpers.values()) void starting.then((helper) => helper?.stop());
    this.#helpers.clear();
  }

  #helper(pod: PodNetwork): Promise<Helper | undefined> {
    const known = this.#helpers.get(pod.containerId);
    if (known !== undefined) return known;
    const starting = startHelper(pod, () => this.#helpers.delete(pod.containerId));
    this.#helpers.set(pod.containerId, starting);
    return starting;
  }
}

async function startHelper({ containerId, pid }: PodNetwork, onEnd: () => void): Promise<Helper | undefined> {
  const groups = pid > 1 ? await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '') : '';
  const child = groups.includes(containerId)
    ? spawn('nsenter', [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', HELPER], {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      })
    : undefined;
  if (child === undefined) {
    onEnd();
    return undefined;
  }
  const isReady = await new Promise<boolean>((resolve) => {
    child.once('message', () => resolve(true));
    child.once('error', () => resolve(false));
    child.once('exit', () => {
      resolve(false);
      onEnd();
    });
  });
  if (isReady) return new Helper(child);
  onEnd();
  return undefined;
}

class Helper {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: HelperMessage, socket?: Socket) => void>();
  #asked = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message, socket) => {
      const { id = 0 } = message as HelperMessage;
      this.#waiting.get(id)?.(message as HelperMessage, socket as Socket | undefined);
    });
    child.once('exit', () => {
      for (const answer of this.#waiting.values()) answer({ error: 'the helper in its network namespace ended' });
    });
    this.#rest();
  }

  connect(port: number): Promise<Socket> {
    const id = ++this.#asked;
    clearTimeout(this.#idle);
    return new Promise<Socket>((resolve, reject) => {
      const answer = ({ error = 'no answer' }: HelperMessage, socket?: Socket): void => {
        clearTimeout(late);
        this.#waiting.delete(id);
        this.#rest();
        if (socket === undefined) reject(refused(port, error));
        else resolve(socket);
      };
      const late = setTimeout(() => answer({ error: 'it did not answer in time' }), CONNECT_MS);
      this.#waiting.set(id, answer);
      this.#child.send({ id, port }, (error) => {
        if (error !== null) answer({ error: error.message });
      });
    });
  }

  stop(): void {
    clearTimeout(this.#idle);
    this.#child.kill('SIGKILL');
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#waiting.size > 0) return;
    this.#idle = setTimeout(() => this.stop(), IDLE_MS);
    this.#idle.unref();
  }
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, signal: AbortSignal.timeout(CONNECT_MS) });
    socket.once('connect', () => resolve(socket));
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => reject(refused(port, code ?? message)));
  });
}

const FINDINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; does a process of the pod listen on it?',
};

const refused = (port: number, finding: string): StatusError =>
  statusError('ServiceUnavailable', `connect to port ${port} of the pod: ${FINDINGS[finding] ?? finding}`);
