import { createServer, type Server, type Socket } from 'node:net';
import { pump, sinkOf } from '../../../actors/sessions/link/stream-channels.ts';
import type { ClientSession } from '../../client/session.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { FAILURE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import { checkHasPods, findPod } from './find-pod.ts';
import { type ForwardedPort, planForwardedPort } from './plan-forwarded-ports.ts';
import { resourceTargets } from './resources.ts';

export interface PortForwardOptions extends ClusterOptions {
  readonly address?: readonly string[];
}

const ENDED_WELL = 'ok';
const LOOPBACK = ['127.0.0.1', '::1'];

/** `troupe port-forward web-1 8080:80`: connects local ports to ports of a pod until it is interrupted. */
export async function portForward(
  args: readonly string[],
  options: PortForwardOptions,
  terminal: Terminal,
): Promise<void> {
  const [named, ...texts] = args;
  if (named === undefined) throw new UsageError('name a pod, or an object that has pods: web-1, deploy/web');
  if (texts.length === 0) throw new UsageError(`name the ports too: troupe port-forward ${named} 8080:80`);
  const ports = texts.map((text) => {
    const planned = planForwardedPort(text);
    if ('problem' in planned) throw new UsageError(planned.problem);
    return planned;
  });
  const [target] = resourceTargets(named.includes('/') ? [named] : ['pods', named]);
  if (target === undefined) throw new UsageError('name one pod, or one object that has pods: web-1, deploy/web');
  checkHasPods(target);
  const { signal } = terminal;
  await withClient(options, async (client) => {
    const pod = await findPod(client, target, namespaceOf(options, client), terminal, 'port-forward');
    const { namespace = '', name = '' } = pod.metadata ?? {};
    if (pod.status?.phase !== 'Running')
      fail(terminal, `unable to forward port because pod is not running. Current status=${pod.status?.phase ?? ''}`);
    const { openPortForward } = await import('../../client/session.ts');
    const session = await openPortForward(client, { namespace, name }, { ports: ports.map(({ remote }) => remote) });
    const servers: Server[] = [];
    try {
      const forwarder = new Forwarder(session, terminal);
      for (const port of ports)
        servers.push(...(await listen(port, options.address ?? ['localhost'], forwarder, terminal)));
      const close = (): void => session.close();
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      session.start();
      const exit = await session.ended;
      forwarder.stop();
      if (!signal.aborted) fail(terminal, `lost connection to pod: ${exit.error ?? 'the session ended'}`);
    } finally {
      for (const server of servers) server.close();
      session.close();
    }
  });
}

function fail(terminal: Terminal, problem: string): never {
  terminal.tell(`troupe port-forward: ${problem}`);
  throw new Exit(FAILURE);
}

/** Connects local sockets to channels of the session. */
class Forwarder {
  readonly #session: ClientSession;
  readonly #terminal: Terminal;
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  constructor(session: ClientSession, terminal: Terminal) {
    this.#session = session;
    this.#terminal = terminal;
  }

  forward(socket: Socket, { remote }: ForwardedPort, local: number): void {
    this.#terminal.out(`Handling connection for ${local}\n`, 'news');
    const { peer } = this.#session;
    const channel = `${remote}-${++this.#connections}`;
    this.#sockets.add(socket);
    socket.on('error', () => undefined); // a client that leaves; the pod's side sees the end
    socket.once('close', () => this.#sockets.delete(socket));
    const sink = sinkOf(socket);
    peer.receive(channel, {
      write: (bytes) => sink.write(bytes),
      end: (word) => {
        if (word === ENDED_WELL) return sink.end(word);
        this.#terminal.tell(`an error occurred forwarding ${local} -> ${remote}: ${word}`);
        socket.destroy();
      },
    });
    const outgoing = peer.send(channel);
    outgoing.open();
    void pump(socket, outgoing);
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function listen(
  port: ForwardedPort,
  addresses: readonly string[],
  forwarder: Forwarder,
  terminal: Terminal,
): Promise<readonly Server[]> {
  const servers: Server[] = [];
  let { local } = port;
  for (const address of addresses) {
    const hosts = address === 'localhost' ? LOOPBACK : [address];
    const failures: string[] = [];
    for (const host of hosts) {
      try {
        const server = await listenOn(host, local, (socket) => forwarder.forward(socket, port, local));
        servers.push(server);
        const bound = server.address();
        if (bound !== null && typeof bound === 'object') local = bound.port;
        const shown = host.includes(':') ? `[${host}]` : host;
        terminal.out(`Forwarding from ${shown}:${local} -> ${port.remote}\n`, 'news');
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
    if (failures.length < hosts.length) continue;
    for (const server of servers) server.close();
    fail(terminal, `unable to listen on port ${port.local}: ${failures[0] ?? ''}`);
  }
  return servers;
}

const listenOn = (host: string, port: number, connected: (socket: Socket) => void): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, connected);
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
