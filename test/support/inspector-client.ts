import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';

/** What the tests need of node's inspector: its protocol over the WebSocket that `--inspect` opens. */
export interface InspectorClient {
  /** @throws Error with the protocol's own words */
  send(method: string, params?: object): Promise<Record<string, unknown>>;
  /** The next event of that name, also one that came before this was asked. */
  event(method: string): Promise<Record<string, unknown>>;
  /** Where a script was loaded from. */
  urlOf(scriptId: string): string;
  close(): void;
}

const TEXT = 1;
const CLOSE = 8;

/** @param url as node prints it: `ws://127.0.0.1:9229/<id>` */
export async function connectInspector(url: string): Promise<InspectorClient> {
  const socket = await upgraded(url);
  const answers = new Map<number, { resolve(result: Record<string, unknown>): void; reject(error: Error): void }>();
  const events: { readonly method: string; readonly params: Record<string, unknown> }[] = [];
  const waiting: { readonly method: string; readonly resolve: (params: Record<string, unknown>) => void }[] = [];
  const scripts = new Map<string, string>();
  let last = 0;
  const heard = (text: string): void => {
    const message = JSON.parse(text) as {
      id?: number;
      method?: string;
      params?: Record<string, unknown>;
      result?: Record<string, unknown>;
      error?: { message: string };
    };
    if (message.id !== undefined) {
      const answer = answers.get(message.id);
      answers.delete(message.id);
      if (message.error === undefined) answer?.resolve(message.result ?? {});
      else answer?.reject(new Error(message.error.message));
      return;
    }
    if (message.method === 'Debugger.scriptParsed') {
      scripts.set(String(message.params?.['scriptId']), String(message.params?.['url']));
      return;
    }
    const event = { method: message.method ?? '', params: message.params ?? {} };
    const at = waiting.findIndex(({ method }) => method === event.method);
    if (at < 0) events.push(event);
    else waiting.splice(at, 1)[0]?.resolve(event.params);
  };
  readFrames(socket, heard);
  return {
    send: (method, params = {}) =>
      new Promise((resolve, reject) => {
        last += 1;
        answers.set(last, { resolve, reject });
        socket.write(frame(JSON.stringify({ id: last, method, params })));
      }),
    event: (method) => {
      const at = events.findIndex((event) => event.method === method);
      if (at >= 0) return Promise.resolve(events.splice(at, 1)[0]?.params ?? {});
      return new Promise((resolve) => waiting.push({ method, resolve }));
    },
    urlOf: (scriptId) => scripts.get(scriptId) ?? '',
    close: () => socket.destroy(),
  };
}

async function upgraded(url: string): Promise<Socket> {
  const asked = request(url.replace(/^ws:/, 'http:'), {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    },
  });
  asked.end();
  const [, socket] = (await once(asked, 'upgrade')) as [IncomingMessage, Socket];
  return socket;
}

/** One whole masked text frame, as a client must send it. */
function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const length = Buffer.alloc(body.length < 126 ? 0 : 8);
  if (length.length > 0) length.writeBigUInt64BE(BigInt(body.length));
  const mask = randomBytes(4);
  const masked = body.map((byte, at) => byte ^ (mask[at & 3] ?? 0));
  return Buffer.concat([
    Buffer.from([0x80 | TEXT, 0x80 | (length.length > 0 ? 127 : body.length)]),
    length,
    mask,
    masked,
  ]);
}

/** Frames from a server are not masked; node sends each message as one. */
function readFrames(socket: Socket, heard: (text: string) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    for (;;) {
      const short = (rest[1] ?? 0) & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (rest.length < head) return;
      const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
      if (rest.length < head + length) return;
      const kind = (rest[0] ?? 0) & 0x0f;
      const body = rest.subarray(head, head + length);
      rest = rest.subarray(head + length);
      if (kind === CLOSE) return void socket.destroy();
      if (kind === TEXT) heard(body.toString('utf8'));
    }
  });
}
