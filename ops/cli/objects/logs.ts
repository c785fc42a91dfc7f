import type { LogOptions as ReadOptions } from '../../client/logs.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { parseSpan } from '../shared/parse-span.ts';
import { FAILURE, INTERRUPTED } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import { checkHasPods, findPod } from './find-pod.ts';
import { pickContainer } from './plan-pod-target.ts';
import type { ResourceTarget } from './plan-resource-arguments.ts';
import { isResource, resourceTargets } from './resources.ts';

export interface LogsOptions extends ClusterOptions {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly container?: string;
  readonly previous?: boolean;
  readonly since?: string;
  readonly sinceTime?: string;
  readonly timestamps?: boolean;
  readonly limitBytes?: string;
}

export async function logs(args: readonly string[], options: LogsOptions, terminal: Terminal): Promise<void> {
  const { target, container } = targetOf(args);
  const read = readOptions(options, terminal);
  await withClient(options, async (client) => {
    const pod = await findPod(client, target, namespaceOf(options, client), terminal, 'logs');
    const picked = pickContainer(pod, options.container ?? container);
    if ('problem' in picked) {
      terminal.tell(`troupe logs: ${picked.problem}`);
      throw new Exit(FAILURE);
    }
    if (picked.note !== undefined) terminal.tell(picked.note);
    const [{ readLogs }, { withClusterWait }] = await Promise.all([
      import('../../client/logs.ts'),
      import('../shared/wait-for-cluster.ts'),
    ]);
    const of = { namespace: pod.metadata?.namespace ?? '', pod: pod.metadata?.name ?? '', container: picked.container };
    let left = read.limitBytes ?? Number.POSITIVE_INFINITY; // the server returns whole lines, so it may return more
    const print = async (how: ReadOptions): Promise<void> => {
      for await (const line of readLogs(client, of, how)) {
        const text = `${options.timestamps === true ? `${line.time} ` : ''}${line.text}\n`;
        const bytes = Buffer.from(text);
        terminal.out(bytes.length <= left ? text : bytes.subarray(0, left).toString('utf8'));
        left -= bytes.length;
        if (left <= 0) break;
      }
    };
    if (options.follow !== true) return print(read);
    await withClusterWait(client, terminal, (contact) => print({ ...read, contact, signal: contact.signal }));
  });
  if (read.signal?.aborted === true) throw new Exit(INTERRUPTED);
}

interface LogTarget {
  readonly target: ResourceTarget;
  readonly container?: string;
}

/** Parses `web-1`, `pod web-1` or `deploy/web`, with an optional container as kubectl accepts it: `web-1 main`. */
function targetOf(args: readonly string[]): LogTarget {
  const [first, second] = args;
  if (first === undefined) throw new UsageError('name a pod, or an object that has pods: web-1, deploy/web');
  const isKind = isResource(first);
  const container = args.length === 2 && !isKind && second?.includes('/') === false ? second : undefined;
  const named = container === undefined ? args : [first];
  const one = 'logs are read from one pod at a time; name one: web-1, or deploy/web';
  if (named.length > 1 && !isKind) throw new UsageError(one);
  const [target, ...more] = resourceTargets(named.length === 1 && !first.includes('/') ? ['pods', first] : named);
  const name = target?.names?.[0];
  if (target === undefined || more.length > 0 || name === undefined || target.names?.length !== 1)
    throw new UsageError(one);
  checkHasPods(target);
  return { target, ...(container === undefined ? {} : { container }) };
}
function readOptions(options: LogsOptions, terminal: Terminal): ReadOptions {
  const number = (option: string, text: string): number => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new UsageError(`${option} is "${text}"; it must be a whole number, 0 or more`);
  };
  if (options.since !== undefined && options.sinceTime !== undefined) {
    throw new UsageError('--since and --since-time exclude each other; use one of them');
  }
  const sinceMs = options.since === undefined ? 0 : parseSpan('--since', options.since);
  // --since 0 means everything, as in kubectl; a time before 1970 is raised to 1970.
  const since = sinceMs === 0 ? options.sinceTime : new Date(Math.max(0, terminal.now() - sinceMs)).toISOString();
  if (since !== undefined && !isMoment(since)) {
    throw new UsageError(`--since-time is "${since}"; write a time such as 2026-01-31T12:00:00Z`);
  }
  return {
    ...(options.follow === true ? { follow: true, signal: terminal.signal } : {}),
    ...(options.previous === true ? { previous: true } : {}),
    ...(options.tail === undefined || options.tail === '-1' ? {} : { tailLines: number('--tail', options.tail) }),
    ...(options.limitBytes === undefined || options.limitBytes === '0'
      ? {}
      : { limitBytes: number('--limit-bytes', options.limitBytes) }),
    ...(since === undefined ? {} : { sinceTime: since }),
  };
}

/** Is it an RFC 3339 timestamp? `Date.parse` alone would read a bare number as a month. */
const isMoment = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text));
