import { connect } from 'node:net';
import { socketWords } from './socket-words.ts';

/** Connects to a port. @returns the message of a failure; `undefined` for a success */
export function probeTcp(
  { host, port }: { readonly host: string; readonly port: number },
  timeoutMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (failure: string | undefined): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`dial tcp ${host}:${port}: i/o timeout`));
    socket.on('error', (error) => end(socketWords(error, host, port)));
  });
}
