import { type ClientHttp2Session, connect } from 'node:http2';
import { createInterface } from 'node:readline';

const OK = 300;
/** As much as a watch may be behind. */
const WINDOW_BYTES = 16 * 1024 * 1024;

interface Versioned {
  readonly metadata: { readonly resourceVersion: string };
}

/** As much of Kubernetes' HTTP API as the bench asks for, in JSON, many requests on one connection. */
export class KubeClient {
  readonly #session: ClientHttp2Session;
  readonly #token: string;

  /** @param ca certificate of the server, which it signed itself */
  constructor(url: string, token: string, ca: string) {
    this.#session = connect(url, { ca, settings: { initialWindowSize: WINDOW_BYTES } });
    this.#session.on('error', () => undefined); // whoever asks something is told
    this.#token = token;
  }

  /** @throws Error with the server's words when it refuses, and the connection's own */
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
   * Tells of each event of a watch; one that the server ends, as it does when it waits for who reads, is gone on with.
   * @param after resourceVersion of which the first event is the next
   * @returns how to stop
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
