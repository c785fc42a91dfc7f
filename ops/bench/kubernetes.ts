import type { Pod } from '../../contracts/kinds/kinds.ts';
import { AT_ONCE, BURST, IN_SEQUENCE, STORED, WARM } from './api.ts';
import { inFlight } from './drive.ts';
import type { KubeClient } from './kube-client.ts';
import { startKubePlane } from './kube-plane.ts';
import { configMapOf, namespaceOf, nodeOf } from './objects.ts';
import { createPaced, createPods, isBound, NAMESPACE, type Pods, podsOf } from './pods-seen.ts';
import { percentile, perSecond, type Report, type Row, rate, spread } from './report.ts';
import { CREATORS, makeNodes, NODES, PODS, SLOWLY, WARM_PODS } from './schedule.ts';
import { startStage } from './stage.ts';

export { lacksKubernetes } from './kube-plane.ts';

const OBJECTS = 'bench-api';

/** The requests to either side. */
interface Plane {
  readonly create: (name: string) => Promise<unknown>;
  readonly get: (name: string) => Promise<unknown>;
  readonly pods: Pods;
  /** Creates the nodes. */
  readonly makeNodes: () => Promise<void>;
}

interface Figures {
  readonly create: readonly number[];
  readonly get: readonly number[];
  readonly creates: number;
  readonly gets: number;
  readonly bound: number;
  readonly slowly: readonly number[];
}

/**
 * Troupe compared with etcd, kube-apiserver and kube-scheduler on the same machine: the same requests, one side after the other.
 * This process is the client of both: MessagePack over NATS for Troupe, JSON over HTTP/2 for Kubernetes.
 */
export async function benchKubernetes(): Promise<Report> {
  const theirs = await askKubernetes();
  const ours = await askTroupe();
  return {
    title: `kubernetes: ${STORED} objects of 1.1 KB, then ${PODS} pods on ${NODES} nodes; the peer is Kubernetes' etcd, kube-apiserver and kube-scheduler, asked the same`,
    rows: [
      latency('create, one at a time', ours.create, theirs.create),
      latency('get, one at a time', ours.get, theirs.get),
      throughput(`creates, ${AT_ONCE} in flight`, ours.creates, theirs.creates),
      throughput(`gets, ${AT_ONCE} in flight`, ours.gets, theirs.gets),
      throughput(`create -> bound, ${CREATORS} creators`, ours.bound, theirs.bound),
      latency(`create -> bound at ${SLOWLY.perSecond} pods/s`, ours.slowly, theirs.slowly),
    ],
    notes: ['neither store waits for the disk; Troupe records, Kubernetes has no audit log'],
  };
}

async function measure(plane: Plane): Promise<Figures> {
  const { create, get, pods } = plane;
  await inFlight(AT_ONCE, STORED, (n) => create(`stored-${n}`));
  const creates = await inFlight(AT_ONCE, BURST, (n) => create(`many-${n}`));
  const gets = await inFlight(AT_ONCE, BURST, (n) => get(`stored-${(n * 7) % STORED}`));
  await inFlight(1, WARM, (n) => create(`warm-${n}`));
  const one = await inFlight(1, IN_SEQUENCE, (n) => create(`one-${n}`));
  const got = await inFlight(1, IN_SEQUENCE, (n) => get(`stored-${(n * 7) % STORED}`));
  await plane.makeNodes();
  await createPods(pods, { count: WARM_PODS, prefix: 'warm', creators: CREATORS }, { bound: isBound });
  const { bound } = await createPods(pods, { count: PODS, prefix: 'pod', creators: CREATORS }, { bound: isBound });
  const { tookMs } = await createPaced(pods, SLOWLY, { bound: isBound });
  return {
    create: one.samples,
    get: got.samples,
    creates: rate(BURST, creates.tookMs),
    gets: rate(BURST, gets.tookMs),
    bound: rate(PODS, bound),
    slowly: tookMs.bound,
  };
}

async function askTroupe(): Promise<Figures> {
  const stage = await startStage();
  try {
    const { client } = stage;
    for (const name of [OBJECTS, NAMESPACE]) await client.create('namespaces', undefined, namespaceOf(name));
    return await measure({
      create: (name) => client.create('configmaps', OBJECTS, configMapOf(name)),
      get: (name) => client.get('configmaps', { namespace: OBJECTS, name }),
      pods: podsOf(client),
      makeNodes: () => makeNodes(stage),
    });
  } finally {
    await stage.stop();
  }
}

async function askKubernetes(): Promise<Figures> {
  const { client, stop } = await startKubePlane();
  try {
    for (const name of [OBJECTS, NAMESPACE]) await client.ask('POST', '/api/v1/namespaces', namespaceOf(name));
    const configMaps = `/api/v1/namespaces/${OBJECTS}/configmaps`;
    return await measure({
      create: (name) => client.ask('POST', configMaps, configMapOf(name)),
      get: (name) => client.ask('GET', `${configMaps}/${name}`),
      pods: podsThere(client),
      makeNodes: async () => {
        await inFlight(AT_ONCE, NODES, (n) => client.ask('POST', '/api/v1/nodes', nodeOf(`node-${n}`)));
      },
    });
  } finally {
    await stop();
  }
}

type PodThere = Pod & { readonly metadata: { readonly name: string; readonly resourceVersion: string } };

function podsThere(client: KubeClient): Pods {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
  return {
    create: (pod) => client.ask('POST', path, pod),
    follow: async (seen) => {
      const { metadata } = (await client.ask('GET', `${path}?limit=1`)) as PodThere;
      return client.watch<PodThere>(path, metadata.resourceVersion, (pod) => seen(pod.metadata.name, pod));
    },
  };
}

const latency = (what: string, ours: readonly number[], theirs: readonly number[]): Row => ({
  what,
  figure: spread(ours),
  peer: spread(theirs),
  ratio: percentile(theirs, 0.5) / percentile(ours, 0.5),
  aim: 'ratio >= 1',
});

const throughput = (what: string, ours: number, theirs: number): Row => ({
  what,
  figure: perSecond(ours),
  peer: perSecond(theirs),
  ratio: ours / theirs,
  aim: 'ratio >= 1',
});
