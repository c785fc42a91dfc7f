import type { Deployment, Event, Pod } from '../../contracts/kinds/kinds.ts';
import { isTrue } from '../../contracts/kinds/meta/conditions.ts';
import type { Client } from '../../ops/client/client.ts';
import { LABEL } from '../../runtime-adapters/docker/labels.ts';
import { docker, TEST_IMAGE } from './docker.ts';
import { waitUntil } from './wait-until.ts';

/** Longest that a handful of pods may take to be as wanted on a busy machine with an old engine. */
export const SETTLE_WITHIN_MS = 90_000;
/** The same for one pod whose image is there. */
const POD_WITHIN_MS = 20_000;
export const NAMESPACE = 'default';

/** Says who it is, works until it is told to end, and says so when it ends. */
const SCRIPT = 'trap "echo told to end; exit 0" TERM; echo "hello from $(hostname)"; while :; do sleep 0.1; done';

export interface Workload {
  readonly name: string;
  readonly replicas: number;
  readonly image?: string;
  readonly graceSeconds?: number;
}

/** A Deployment of one-container pods, as a manifest (JSON is YAML). */
export const deploymentManifest = ({ name, replicas, image = TEST_IMAGE, graceSeconds = 10 }: Workload): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: graceSeconds,
          containers: [{ name: 'main', image, command: ['sh', '-c', SCRIPT] }],
        },
      },
    },
  });

export const podsOf = async (client: Client, app: string): Promise<readonly Pod[]> =>
  (await client.list<Pod>('pods', { namespace: NAMESPACE }, { labelSelector: `app=${app}` })).items;

export const nameOf = ({ metadata }: Pod): string => metadata?.name ?? '';
export const uidOf = ({ metadata }: Pod): string => metadata?.uid ?? '';
export const mainOf = ({ status }: Pod) => status?.containerStatuses?.[0];
/** The engine's id of the pod's container. */
export const containerIdOf = (pod: Pod): string => (mainOf(pod)?.containerID ?? '').replace(/^\w+:\/\//, '');

const isReady = (pod: Pod): boolean => pod.metadata?.deletionTimestamp === undefined && isTrue(pod.status, 'Ready');

/** Waits until there are exactly the wanted pods, all of the wanted image and ready, and the Deployment says so too. */
export function settled(client: Client, { name, replicas, image = TEST_IMAGE }: Workload): Promise<readonly Pod[]> {
  return waitUntil(`${replicas} pods of ${name} run ${image}`, SETTLE_WITHIN_MS, async () => {
    try {
      const pods = await podsOf(client, name);
      const fits = (pod: Pod): boolean => isReady(pod) && pod.spec?.containers[0]?.image === image;
      if (pods.length !== replicas || !pods.every(fits)) return false;
      const { metadata, spec, status } = await client.get<Deployment>('deployments', { namespace: NAMESPACE, name });
      const told =
        status?.observedGeneration === metadata?.generation &&
        spec?.replicas === replicas &&
        (status?.availableReplicas ?? 0) === replicas &&
        (status?.updatedReplicas ?? 0) === replicas;
      return told && pods;
    } catch (error) {
      if ((error as { reason?: string }).reason === 'ServiceUnavailable') return false; // a master that comes back
      if ((error as { reason?: string }).reason === 'Timeout') return false;
      throw error;
    }
  });
}

/** Waits until a pod is as wanted. */
export const podWhen = (
  client: Client,
  name: string,
  what: string,
  holds: (pod: Pod) => boolean,
  namespace: string = NAMESPACE,
): Promise<Pod> =>
  waitUntil(`${name} ${what}`, POD_WITHIN_MS, async () => {
    const pod = await client.get<Pod>('pods', { namespace, name });
    return holds(pod) && pod;
  });
export const podRuns = (client: Client, name: string, namespace?: string): Promise<Pod> =>
  podWhen(client, name, 'runs', ({ status }) => status?.phase === 'Running', namespace);

/** Events about one object, newest last. */
export const eventsAbout = async (client: Client, name: string): Promise<readonly Event[]> =>
  (await client.list<Event>('events', { namespace: NAMESPACE }, { fieldSelector: `involvedObject.name=${name}` }))
    .items;

/** What the engine has of a node: id, pod uid and name of each container, sandboxes as `sandbox`; in any state. */
export async function containersOf(node: string) {
  const found = await docker.listContainers({ all: true, filters: { label: [`${LABEL.node}=${node}`] } });
  return found.map(({ Id, Labels, State }) => ({
    id: Id,
    podUid: Labels[LABEL.podUid] ?? '',
    container: Labels[LABEL.container] ?? 'sandbox',
    state: State,
  }));
}
