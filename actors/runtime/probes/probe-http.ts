import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HttpProbe } from '../../../contracts/runtime/probes.ts';
import { socketWords } from './socket-words.ts';

const AGENT = 'kube-probe/1.33';
const REDIRECTS_MAX = 10;

/**
 * Gets a page. Redirects to another host are not followed and count as success; certificates are not checked: both as in Kubernetes.
 * @returns the message of a failure; `undefined` for a status from 200 to 399
 */
export async function probeHttp(probe: HttpProbe, timeoutMs: number): Promise<string | undefined> {
  const { scheme, host, port, path } = probe;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  let url = new URL(path.startsWith('/') ? path : `/${path}`, `${scheme.toLowerCase()}://${bracketed}:${port}`);
  const signal = AbortSignal.timeout(timeoutMs);
  for (let redirects = 0; ; redirects += 1) {
    const { statusCode = 0, headers } = await get(url, probe, signal);
    const { location } = headers;
    const isRedirect = statusCode >= 300 && statusCode < 400 && location !== undefined;
    if (!isRedirect)
      return statusCode >= 200 && statusCode < 400 ? undefined : `HTTP probe failed with statuscode: ${statusCode}`;
    const next = new URL(location, url);
    if (next.hostname !== url.hostname) return undefined;
    if (redirects === REDIRECTS_MAX) return `Get "${url.href}": stopped after ${REDIRECTS_MAX} redirects`;
    url = next;
  }
}

async function get(url: URL, { headers = [] }: HttpProbe, signal: AbortSignal): Promise<IncomingMessage> {
  const sent: Record<string, string> = { 'User-Agent': AGENT, Accept: '*/*', Connection: 'close' };
  for (const { name, value } of headers) {
    const known = Object.keys(sent).find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
    sent[known] = value;
  }
  const options = { headers: sent, signal, agent: false as const, rejectUnauthorized: false };
  const request: ClientRequest = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
  try {
    return await new Promise((resolve, reject) => {
      request.once('response', (answer) => {
        answer.destroy(); // the body does not count
        resolve(answer);
      });
      request.once('error', reject);
      request.end();
    });
  } catch (error) {
    throw new Error(`Get "${url.href}": ${signal.aborted ? TIMED_OUT : socketWords(error, url.hostname, url.port)}`, {
      cause: error,
    });
  } finally {
    request.on('error', () => undefined); // a late one, of the answer that was not read
    request.destroy();
  }
}

const TIMED_OUT = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
