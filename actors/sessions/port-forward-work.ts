import type { Duplex } from 'node:stream';
import { statusError } from '../../contracts/errors/status.ts';
import type { SessionPeer } from './link/session-peer.ts';
import { pump, sinkOf } from './link/stream-channels.ts';
import type { StartWork } from './session.ts';

/** Connections of one session at the same time. */
const CONNECTIONS_MAX = 256;

/**
 * Connects to ports of a pod. The client opens the channel `<port>-<number>` for each connection; it carries bytes both ways.
 * @param ports those that the api-server allowed
 */
export const portForwardWork =
  (ports: readonly number[], connect: (port: number) => Promise<Duplex>): StartWork =>
  (peer: SessionPeer) => {
    const sockets = new Set<Duplex>();
    let opened = 0;
    const forward = async (channel: string, port: number): Promise<void> => {
      const connecting = connect(port);
      connecting.catch(() => undefined);
      let received = (): void => undefined;
      const allReceived = new Promise<void>((resolve) => (received = resolve));
      const sink = sinkOf(connecting);
      peer.receive(channel, {
        write: (bytes) => sink.write(bytes),
        end: (word) => {
          sink.end(word);
          received();
        },
      });
      const outgoing = peer.send(channel);
      opened += 1;
      try {
        const socket = await connecting;
        sockets.add(socket);
        socket.on('error', () => undefined);
        await pump(socket, outgoing);
        await allReceived;
        sockets.delete(socket);
        socket.destroy();
      } catch (error) {
        outgoing.end((error as Error).message);
      } finally {
        opened -= 1;
      }
    };
    return {
      finished: new Promise(() => undefined), // it lasts as long as its client wants
      work: {
        open: (channel) => {
          const port = Number(/^(\d{1,5})-\d{1,9}$/.exec(channel)?.[1]);
          if (!ports.includes(port))
            throw statusError('Forbidden', `the session may connect to ports ${ports.join(', ')}, not ${channel}`);
          if (opened >= CONNECTIONS_MAX)
            throw statusError('TooManyRequests', `a session has at most ${CONNECTIONS_MAX} connections at once`);
          void forward(channel, port);
        },
        stop: () => {
          for (const socket of sockets) socket.destroy();
        },
      },
    };
  };
