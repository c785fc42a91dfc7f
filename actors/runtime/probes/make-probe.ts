import type { Readable } from 'node:stream';
import type { RuntimeAdapter } from '../../../contracts/runtime/adapter.ts';
import type { ProbeConfig } from '../../../contracts/runtime/probes.ts';
import { probeGrpc } from './probe-grpc.ts';
import { probeHttp } from './probe-http.ts';
import { probeTcp } from './probe-tcp.ts';

/** Most of a command's output, or of an answer, that a message repeats, in bytes; as Kubernetes does. */
export const OUTPUT_BYTES_MAX = 10 * 1024;

/** Makes one probe. @returns the message of a failure, in Kubernetes' words; `undefined` for a success. Never rejects */
export async function makeProbe(adapter: RuntimeAdapter, config: ProbeConfig): Promise<string | undefined> {
  try {
    const { exec, httpGet, tcpSocket, grpc, invalid } = config;
    if (exec !== undefined) return await probeExec(adapter, config, exec.command);
    if (invalid !== undefined) return invalid;
    const answered = await adapter.probe?.(config.containerId, config);
    if (answered !== undefined) return answered.failure;
    if (httpGet !== undefined) return await probeHttp(httpGet, config.timeoutMs);
    if (tcpSocket !== undefined) return await probeTcp(tcpSocket, config.timeoutMs);
    return grpc === undefined ? 'the probe has no handler' : await probeGrpc(grpc, config.timeoutMs);
  } catch (error) {
    return (error as Error).message;
  }
}

async function probeExec(
  adapter: RuntimeAdapter,
  { containerId, timeoutMs }: ProbeConfig,
  command: readonly string[],
): Promise<string | undefined> {
  const running = await adapter.exec(containerId, { command, stdin: false, tty: false });
  let late: NodeJS.Timeout | undefined;
  const timeout = new Promise<'late'>((resolve) => {
    late = setTimeout(() => resolve('late'), timeoutMs);
  });
  const output = beginningOf(running.stdout);
  const errors = beginningOf(running.stderr);
  const code = await Promise.race([running.exitCode, timeout]).finally(() => clearTimeout(late));
  if (code === 0) return undefined;
  if (code !== 'late') return `${output()}${errors()}`.trim();
  running.exitCode.catch(() => undefined);
  await running.kill();
  return `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1000}s`;
}

/** Reads a stream to its end. @returns a function that returns its first bytes as text */
function beginningOf(stream: Readable): () => string {
  const kept: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    if (bytes < OUTPUT_BYTES_MAX) kept.push(chunk.subarray(0, OUTPUT_BYTES_MAX - bytes));
    bytes += chunk.length;
  });
  stream.on('error', () => undefined);
  return () => Buffer.concat(kept).toString('utf8');
}
