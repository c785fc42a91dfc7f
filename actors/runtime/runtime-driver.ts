import { retryOf, StatusError, statusError } from '../../contracts/errors/status.ts';
import type { LogLines, LogQuery } from '../../contracts/messages/logs.ts';
import type { RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import type { ContainerConfig, SecretName } from '../../contracts/runtime/config.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';
import { RUNTIME_OPS, type RuntimeOp, type RuntimeOps } from '../../contracts/runtime/ops.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { logTimeOf } from '../../contracts/time/log-time.ts';
import type { Says } from '../kernel/contract.ts';
import { api, calls, type DriverContext, type DriverDefinition, defineDriver, publish } from '../kernel/declare.ts';
import { LogStreams } from './log-streams.ts';
import { PARSE_OP } from './parse-ops.ts';
import { planLogSource } from './plan-log-source.ts';
import { resolveConfig, type SecretValues, secretKey, secretsOf } from './resolve-env.ts';

export interface RuntimeDriverOptions {
  readonly node: string;
  readonly adapter: RuntimeAdapter;
  /** How long a container's log is streamed after the last request to follow it. */
  readonly logLeaseMs?: number;
}

const SECRET_MS = 10_000;

const saysOf = (node: string) => ({
  event: publish(SUBJECTS.runtimeEvents, { node }),
  logs: publish(SUBJECTS.logs),
  secret: api('get', 'secrets'),
});
type Context = DriverContext<Says<ReturnType<typeof saysOf>>>;
type Handlers = { readonly [K in RuntimeOp]: (body: RuntimeOps[K][0]) => Promise<RuntimeOps[K][1]> };

/** What a node's driver hears and says, without an adapter: its permissions are derived from this. */
export const runtimeDeclared = (node: string) => ({
  name: 'runtime',
  hears: { ops: calls(SUBJECTS.runtime, { fixed: { node }, all: true }) },
  says: saysOf(node),
});

/** Serves `runtime.<node>.<op>`: parses each request, calls the runtime adapter, and answers. Decides nothing. */
export function runtimeDriver({ node, adapter, logLeaseMs }: RuntimeDriverOptions): DriverDefinition {
  return defineDriver({
    ...runtimeDeclared(node),
    config: { node },
    run: (context) => {
      const streams = new LogStreams({
        adapter,
        ...(logLeaseMs === undefined ? {} : { leaseMs: logLeaseMs }),
        publish: ({ pod, name }, lines) =>
          context.send(context.say.logs({ namespace: pod.namespace, pod: pod.name, container: name }, lines)),
        report: (key, error) => context.report(key, error),
      });
      const handlers = handlersOf(adapter, context, streams);
      const unwatch = adapter.watch((hint) => context.send(context.say.event({ node }, { node, ...hint })));
      return Promise.resolve({
        handlers: {
          ops: (call) => answer(handlers, opOf(call.tokens?.op, call.subject), call.decode()),
        },
        stop: async () => {
          unwatch();
          await streams.stop();
          await adapter.close();
        },
      });
    },
  });
}

function opOf(op: string | undefined, subject: string): RuntimeOp {
  const known = RUNTIME_OPS.find((name) => name === op);
  if (known !== undefined) return known;
  throw statusError(
    'BadRequest',
    `ask the runtime on ${subject}: no such operation; use one of ${RUNTIME_OPS.join(', ')}`,
  );
}

const answer = <K extends RuntimeOp>(handlers: Handlers, op: K, body: unknown): Promise<RuntimeOps[K][1]> =>
  handlers[op](PARSE_OP[op](body, ''));

function handlersOf(adapter: RuntimeAdapter, context: Context, streams: LogStreams): Handlers {
  const done = async (work: Promise<void>): Promise<Record<string, never>> => {
    await work;
    return {};
  };
  return {
    info: () => adapter.info(),
    list: (filter) => adapter.list(filter),
    runPodSandbox: (config) => adapter.runPodSandbox(config),
    stopPodSandbox: ({ sandboxId }) => done(adapter.stopPodSandbox(sandboxId)),
    removePodSandbox: ({ sandboxId }) => done(adapter.removePodSandbox(sandboxId)),
    pullImage: ({ image }) => adapter.pullImage(image),
    imageStatus: async ({ image }) => {
      const found = await adapter.imageStatus(image);
      return found === undefined ? {} : { image: found };
    },
    createContainer: async (config) => ({ containerId: await createContainer(adapter, context, config) }),
    startContainer: ({ containerId }) => done(adapter.startContainer(containerId)),
    stopContainer: ({ containerId, graceMs }) => done(adapter.stopContainer(containerId, graceMs)),
    removeContainer: ({ containerId }) => done(adapter.removeContainer(containerId)),
    containerStatus: ({ containerId }) => adapter.containerStatus(containerId),
    logs: (query) => readLogs(adapter, streams, query),
  };
}

async function createContainer(adapter: RuntimeAdapter, context: Context, config: ContainerConfig): Promise<string> {
  const secrets = new Map<string, SecretValues>();
  const fetching = secretsOf(config.env).map(async (secret) => {
    secrets.set(secretKey(secret), await fetchSecret(context, secret));
  });
  await Promise.all(fetching);
  return adapter.createContainer(resolveConfig(config, secrets));
}

async function fetchSecret(context: Context, { namespace, name }: SecretName): Promise<SecretValues> {
  try {
    const { data = {} } = await context.ask(context.say.secret({ namespace, name }), { timeoutMs: SECRET_MS });
    const decoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]);
    return Object.fromEntries(decoded) as Record<string, string>;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
    if (retryOf(error) !== 'never') throw error;
    // A retry cannot help: the container cannot be configured, and its status shows why.
    throw runtimeError('Invalid', 'CreateContainerConfigError', (error as Error).message);
  }
}

async function readLogs(adapter: RuntimeAdapter, streams: LogStreams, query: LogQuery): Promise<LogLines> {
  const { containers } = await adapter.list(query.podUid ? { podUid: query.podUid } : {});
  const source = planLogSource(query, containers);
  const asked = logTimeOf(Date.now());
  const answered = await adapter.logs(source.id, query);
  if (query.follow === true && answered.ended !== true) {
    // With no line to continue from, a client that asked for the last lines gets only new ones.
    const from = answered.lines.at(-1)?.time ?? query.sinceTime ?? (query.tailLines === undefined ? undefined : asked);
    streams.extend(source, from);
  }
  return answered;
}
