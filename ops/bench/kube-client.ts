import { type ClientHttp2Session, connect } from 'node:http2';
import { createInterface } from 'node:readline';

const OK = 300;
/** How much a watch may lag behind. */
const WINDOW_BYTES = 16 * 1024 * 1024;

interface Versioned {
  readonly metadata: { readonly resourceVersion: string };
}

/** A client for the part of Kubernetes' HTTP API that the bench uses: JSON, many requests on one connection. */
export class KubeClient {
  readonly #session: ClientHttp2Session;
  readonly #token: string;

  /** @param ca the server's self-signed certificate */
  constructor(url: string, token: string, ca: string) {
    this.#session = connect(url, { ca, settings: { initialWindowSize: WINDOW_BYTES } });
    this.#session.on('error', () => undefined); // each request reports it
    this.#token = token;
  }

  /** Sends a request. @throws Error with the server's answer when it refuses; errors of the connection */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const stream = this.#request(method, path);
    stream.end(body === undefined ? undefined : JSON.stringify(body));
    let status = 0;
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const answer = Buffer.concat(chunks).toString('utf8');
    if (status >= OK || status === 0) throw new Error(`${method} ${path}: ${status} ${answer.slice(0, 500)}`);
    return JSON.parse(answer);
  }

  /**
   * Calls `seen` with the object of each watch event. A watch that the server ends, as it does with slow readers, is continued.
   * @param after resourceVersion after which to begin
   * @returns a function that stops the watch
   */
  watch<O extends Versioned>(path: string, after: string, seen: (object: O) => void): () => void {
    let last = after;
    let stopped = false;
    const follow = async (): Promise<void> => {
      while (!stopped && !this.#session.destroyed) {
        const stream = this.#request('GET', `${path}?watch=1&resourceVersion=${last}`);
        stream.end();
        for await (const line of createInterface({ input: stream })) {
          if (stopped) return stream.close();
          const { object } = JSON.parse(line) as { object: O };
          last = object.metadata.resourceVersion;
          seen(object);
        }
      }
    };
    follow().catch((error: unknown) => {
      if (!stopped) throw error;
    });
    return () => {
      stopped = true;
    };
  }

  close(): void {
    this.#session.destroy();
  }

  #request(method: string, path: string) {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
    return this.#session.request({ ':method': method, ':path': path, ...headers });
  }
}
