import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';

const CHECK = '/grpc.health.v1.Health/Check';
const SERVING = 1;
const NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** Asks a server for its health. @returns the message of a failure; `undefined` when it serves */
export async function probeGrpc(
  { host, port, service }: { readonly host: string; readonly port: number; readonly service: string },
  timeoutMs: number,
): Promise<string | undefined> {
  const client = new Client(`${host.includes(':') ? `[${host}]` : host}:${port}`, credentials.createInsecure());
  try {
    const answer = await new Promise<number>((resolve, reject) => {
      client.makeUnaryRequest(
        CHECK,
        requestBytes,
        answerOf,
        service,
        { deadline: Date.now() + timeoutMs },
        (error, found) => {
          if (error === null) resolve(found ?? 0);
          else reject(error);
        },
      );
    });
    return answer === SERVING ? undefined : `service unhealthy (responded with "${NAMES[answer] ?? answer}")`;
  } catch (error) {
    return failureOf(error as ServiceError, `${host}:${port}`, timeoutMs);
  } finally {
    client.close();
  }
}

function failureOf({ code, details }: ServiceError, address: string, timeoutMs: number): string {
  if (code === status.UNIMPLEMENTED)
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`;
  if (code === status.DEADLINE_EXCEEDED) return `timeout: health rpc did not complete within ${timeoutMs / 1000}s`;
  if (code === status.UNAVAILABLE) return `timeout: failed to connect service "${address}": ${details}`;
  return `error: health rpc probe failed: ${details}`;
}

/** HealthCheckRequest: the service's name as field 1. An empty name is left out. */
function requestBytes(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  if (name.length === 0) return name;
  const length: number[] = [];
  for (let left = name.length; ; left >>>= 7) {
    if (left < 0x80) {
      length.push(left);
      break;
    }
    length.push((left & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([0x0a, ...length]), name]);
}

/** HealthCheckResponse: the status as field 1, a small number. */
const answerOf = (bytes: Buffer): number => (bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0);
