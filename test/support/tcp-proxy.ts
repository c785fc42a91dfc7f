import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server, and loses what a network may lose. */
export interface TcpProxy {
  readonly port: number;
  /** From now on answers are lost; what the client sends still arrives. */
  muffle(): void;
  /** From now on nothing passes either way, as when a process is stopped; what is said meanwhile waits. */
  freeze(): void;
  /** What waited since `freeze` passes. */
  thaw(): void;
  /** Cuts every connection; new ones work. */
  cut(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(serverPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let muffled = false;
  let frozen = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1');
    keep(client);
    keep(upstream);
    if (frozen) for (const socket of [client, upstream]) socket.pause();
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (!muffled) client.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    muffle: () => {
      muffled = true;
    },
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
      muffled = false;
      frozen = false;
    },
    close: () =>
      new Promise((closed) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => closed());
      }),
  };
}
