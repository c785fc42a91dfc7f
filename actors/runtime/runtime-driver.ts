import { retryOf, StatusError, statusError } from '../../contracts/errors/status.ts';
import type { LogLines, LogQuery } from '../../contracts/messages/logs.ts';
import type { RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import type { ContainerConfig } from '../../contracts/runtime/config.ts';
import type { PodRef, SecretName } from '../../contracts/runtime/references.ts';
import { type RuntimeCause, runtimeError } from '../../contracts/runtime/errors.ts';
import { RUNTIME_OPS, type RuntimeOp, type RuntimeOps } from '../../contracts/runtime/ops.ts';
import type { RuntimeLevel } from '../../contracts/runtime/status.ts';
import type { PodFolder, PodVolumesConfig, VolumeHost } from '../../contracts/runtime/volumes.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { logTimeOf } from '../../contracts/time/log-time.ts';
import type { Says } from '../kernel/contract.ts';
import { api, calls, type DriverContext, type DriverDefinition, defineDriver, publish } from '../kernel/declare.ts';
import { LogStreams } from './log-streams.ts';
import { PARSE_OP } from './parse-ops.ts';
import { makeProbe } from './probes/make-probe.ts';
import { NodeProbes } from './probes/node-probes.ts';
import { planLogSource } from './plan-log-source.ts';
import { expandMounts, resolveConfig, secretsOf } from './resolve-env.ts';
import { decoded, type SecretData, secretKey } from './secret-data.ts';
import { UsageSamples } from './usage-samples.ts';
import { resolveVolumes, secretsOfVolumes } from './volumes/resolve-volumes.ts';

export interface RuntimeDriverOptions {
  readonly node: string;
  readonly adapter: RuntimeAdapter;
  readonly volumes: VolumeHost;
  /** How long a container's log is streamed after the last request to follow it. */
  readonly logLeaseMs?: number;
  /** Time between two usage samples; default ten seconds. */
  readonly sampleMs?: number;
}

const SECRET_MS = 10_000;

const saysOf = (node: string) => ({
  event: publish(SUBJECTS.runtimeEvents, { node }),
  logs: publish(SUBJECTS.logs),
  metrics: publish(SUBJECTS.metrics, { node }),
  secret: api('get', 'secrets'),
});
type Context = DriverContext<Says<ReturnType<typeof saysOf>>>;
type Handlers = { readonly [K in RuntimeOp]: (body: RuntimeOps[K][0]) => Promise<RuntimeOps[K][1]> };

/** What a node's driver hears and says, without an adapter: its permissions are derived from this. */
export const runtimeDeclared = (node: string) => ({
  name: 'runtime',
  hears: {
    ops: calls(SUBJECTS.runtime, { fixed: { node }, all: true }),
    metrics: calls(SUBJECTS.nodeMetrics, { fixed: { node } }),
  },
  says: saysOf(node),
});

/** Serves `runtime.<node>.<op>`: parses each request, calls the runtime adapter, and answers. Decides nothing. */
export function runtimeDriver({
  node,
  adapter,
  volumes,
  logLeaseMs,
  sampleMs,
}: RuntimeDriverOptions): DriverDefinition {
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
      const probes = new NodeProbes({
        probe: (config) => makeProbe(adapter, config),
        changed: (podUid) => context.send(context.say.event({ node }, { node, podUid })),
      });
      const handlers = handlersOf({ adapter, volumes, probes, context, streams });
      const samples = new UsageSamples({
        node,
        ...(sampleMs === undefined ? {} : { everyMs: sampleMs }),
        read: () => handlers.stats({}),
        publish: (sample) => context.send(context.say.metrics({}, sample)),
        report: (error) => context.report('stats', error),
      });
      const unwatch = adapter.watch((hint) => context.send(context.say.event({ node }, { node, ...hint })));
      return Promise.resolve({
        handlers: {
          ops: (call) => answer(handlers, opOf(call.tokens?.op, call.subject), call.decode()),
          metrics: (call) => {
            PARSE_OP.stats(call.decode(), '');
            return samples.newest();
          },
        },
        stop: async () => {
          unwatch();
          samples.stop();
          probes.stop();
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

interface DriverParts {
  readonly adapter: RuntimeAdapter;
  readonly volumes: VolumeHost;
  readonly probes: NodeProbes;
  readonly context: Context;
  readonly streams: LogStreams;
}

function handlersOf(parts: DriverParts): Handlers {
  const { adapter, volumes, probes, streams } = parts;
  const done = async (work: Promise<void>): Promise<Record<string, never>> => {
    await work;
    return {};
  };
  return {
    info: async () => {
      const [info, { capacityBytes }] = await Promise.all([adapter.info(), volumes.filesystem()]);
      return { ...info, ephemeralStorageBytes: capacityBytes };
    },
    stats: async () => {
      const [machine, storage] = await Promise.all([adapter.stats(), volumes.stats()]);
      return { ...machine, ...storage };
    },
    list: (filter) => listNode(parts, filter),
    setUpVolumes: (config) => setUpVolumes(parts, config),
    setProbes: (config) => {
      probes.set(config);
      return Promise.resolve({});
    },
    tearDownVolumes: ({ podUid, keepFolder }) => done(volumes.tearDown(podUid, keepFolder)),
    runPodSandbox: (config) => adapter.runPodSandbox(config),
    stopPodSandbox: ({ sandboxId }) => done(adapter.stopPodSandbox(sandboxId)),
    removePodSandbox: ({ sandboxId }) => done(adapter.removePodSandbox(sandboxId)),
    pullImage: ({ image }) => adapter.pullImage(image),
    imageStatus: async ({ image }) => {
      const found = await adapter.imageStatus(image);
      return found === undefined ? {} : { image: found };
    },
    listImages: async () => ({ images: await adapter.listImages() }),
    removeImage: ({ imageId }) => done(adapter.removeImage(imageId)),
    createContainer: async (config) => ({ containerId: await createContainer(parts, config) }),
    startContainer: ({ containerId }) => done(adapter.startContainer(containerId)),
    stopContainer: ({ containerId, graceMs }) => done(adapter.stopContainer(containerId, graceMs)),
    removeContainer: ({ containerId }) => done(adapter.removeContainer(containerId)),
    containerStatus: ({ containerId }) => adapter.containerStatus(containerId),
    logs: (query) => readLogs(adapter, streams, query),
  };
}

async function listNode(
  { adapter, volumes, probes }: DriverParts,
  { podUid }: { readonly podUid?: string },
): Promise<RuntimeLevel> {
  const [level, folders] = await Promise.all([adapter.list(podUid === undefined ? {} : { podUid }), volumes.list()]);
  const isAsked = ({ pod }: { readonly pod: PodRef }): boolean => podUid === undefined || pod.uid === podUid;
  const [theirFolders, theirProbes] = [folders.filter(isAsked), probes.list().filter(isAsked)];
  return {
    ...level,
    ...(theirFolders.length === 0 ? {} : { folders: theirFolders }),
    ...(theirProbes.length === 0 ? {} : { probes: theirProbes }),
  };
}

async function setUpVolumes({ volumes, context }: DriverParts, config: PodVolumesConfig): Promise<PodFolder> {
  const secrets = await fetchSecrets(context, secretsOfVolumes(config), 'FailedMount');
  const { resolved, failure } = resolveVolumes(config, secrets, new Map());
  const folder = await volumes.setUp(resolved);
  if (failure !== undefined) throw failure;
  return folder;
}

async function createContainer({ adapter, volumes, context }: DriverParts, config: ContainerConfig): Promise<string> {
  const secrets = decoded(await fetchSecrets(context, secretsOf(config.env), 'CreateContainerConfigError'));
  const wanted = expandMounts(config, secrets);
  const mounts = wanted.length === 0 ? [] : await volumes.mounts(config.pod, config.name, wanted);
  return adapter.createContainer(resolveConfig(config, secrets, mounts));
}

/** @param cause  of a refusal that a retry cannot help */
async function fetchSecrets(
  context: Context,
  names: readonly SecretName[],
  cause: RuntimeCause,
): Promise<ReadonlyMap<string, SecretData>> {
  const found = new Map<string, SecretData>();
  const fetching = names.map(async (secret) => {
    found.set(secretKey(secret), await fetchSecret(context, secret, cause));
  });
  await Promise.all(fetching);
  return found;
}

async function fetchSecret(
  context: Context,
  { namespace, name }: SecretName,
  cause: RuntimeCause,
): Promise<SecretData> {
  try {
    return (await context.ask(context.say.secret({ namespace, name }), { timeoutMs: SECRET_MS })).data ?? {};
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
    if (retryOf(error) !== 'never') throw error;
    // A retry cannot help: the status of the pod shows why.
    throw runtimeError('Invalid', cause, (error as Error).message);
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
