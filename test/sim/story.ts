import { controllers } from '../../actors/controllers/registry.ts';
import { StatusError } from '../../contracts/errors/status.ts';
import type { Deployment, KubeObject, Pod, ReplicaSet } from '../../contracts/kinds/kinds.ts';
import type { ApplyResult } from '../../contracts/messages/api.ts';
import { NO_FAULTS } from './bus.ts';
import type { SimNode } from './sim-node.ts';
import { SimWorld } from './sim-world.ts';

const FAULTS = { loses: 0.02, repeats: 0.03 };
const SECOND = 1_000;
const ACTS = 40;
/** Between two acts, at most. */
const PAUSE_SECONDS = 20;
/** Long enough for a node that is away to lose its pods, now and then. */
const LONG_SECONDS = 400;
const LEADERS = ['scheduler', 'dispatcher', ...controllers.map(({ name }) => name)];
const IMAGES = ['web:1', 'web:2', 'web:3', 'bad'];
const HELD = ['a.example/hold'];
const COLOURS = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'colours' }, data: { colour: 'red' } };
const COLOUR = { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'colours', key: 'colour' } } };

/** Each asks for a CPU, of which a node has four. */
const containerOf = (image: string, env: readonly object[] = []): object => ({
  name: 'main',
  image,
  env,
  resources: { requests: { cpu: '1' } },
});

const deploymentOf = (name: string, image: string, replicas: number, type: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    strategy: { type },
    template: { metadata: { labels: { app: name } }, spec: { containers: [containerOf(image)] } },
  },
});

/**
 * A story that dice write: deployments, pods and namespaces come, change and go, while engines, workers, api-servers,
 * leaders and connections fail.
 */
export class Story {
  readonly world: SimWorld;
  /** What was done, and when, in seconds. */
  readonly acts: string[] = [];
  /** What was acknowledged and has no reason to be gone, `resource/name` in the namespace `default` -> its uid. */
  readonly acknowledged = new Map<string, string>();
  /** Uids of pods that may be started once alone. */
  readonly onceAlone = new Set<string>();
  readonly #away = new Set<SimNode>();
  readonly #begin: number;

  constructor(seed: number) {
    this.world = new SimWorld(seed);
    this.world.pass(2 * SECOND);
    this.#begin = this.world.now;
  }

  /** @param look is called after each act */
  play(look: () => void): void {
    this.world.faults = FAULTS;
    for (let at = 0; at < ACTS; at++) {
      this.#act();
      this.world.pass(this.#below(PAUSE_SECONDS) * SECOND);
      look();
    }
  }

  /** Nothing breaks any more, nobody holds anything up, and what is asked for can be had. */
  calm(): void {
    const { world } = this;
    world.faults = NO_FAULTS;
    for (const node of world.nodes) this.#reconnect(node);
    for (const { name } of world.nodes) this.#cordon(name, false);
    this.#do('delete', 'namespaces', 'shop', {}, '');
    this.#do('apply', 'configmaps', 'colours', COLOURS);
    for (const { metadata } of world.all<Pod>('pods')) this.#finalizers(metadata, null);
    for (const { metadata } of world.all<Deployment>('deployments'))
      if (metadata?.namespace === 'default' && metadata.deletionTimestamp === undefined)
        this.#deploy(metadata.name ?? '', 'web:9', 2);
    world.pass(60 * SECOND); // what was asked for before has its way first: sets lose their owners
    for (const { metadata } of world.all<ReplicaSet>('replicasets'))
      if ((metadata?.ownerReferences ?? []).length === 0) this.#delete('replicasets', metadata?.name);
    for (const { metadata, spec } of world.all<Pod>('pods'))
      if (spec?.containers[0]?.image === 'bad') this.#delete('pods', metadata?.name);
  }

  #act(): void {
    const { world } = this;
    const node = this.#pick(world.nodes);
    const name = `d${this.#below(3)}`;
    const acts: Readonly<Record<string, () => void>> = {
      deploy: () => this.#deploy(name, this.#pick(IMAGES), this.#below(5)),
      'deploy anew': () => this.#deploy(name, this.#pick(IMAGES), this.#below(5)),
      scale: () => this.#do('patch', 'deployments', name, { spec: { replicas: this.#below(6) } }),
      'delete a deployment': () =>
        this.#delete('deployments', name, { propagationPolicy: this.#pick(['Background', 'Foreground', 'Orphan']) }),
      'create a pod': () => this.#createPod(`p${this.#below(4)}`),
      'create another pod': () => this.#createPod(`p${this.#below(4)}`),
      'delete a pod': () => this.#deleteAPod(),
      'a container ends': () => this.#endOne(),
      'another container ends': () => this.#endOne(),
      'somebody else leads': () => world.failOver(this.#pick(LEADERS)),
      'an api-server is killed': () => world.restartApi(),
      'a worker is killed': () => world.restartKubelet(node),
      'a machine boots': () => world.reboot(node),
      'a node is cut off': () => this.#cutOff(node),
      'a node is back': () => this.#reconnect(node),
      'delete a node': () => this.#deleteNode(node),
      cordon: () => this.#cordon(node.name, this.#below(2) === 0),
      hold: () => this.#finalizers(this.#pick(world.all<Pod>('pods'))?.metadata, HELD),
      'let go': () => this.#finalizers(this.#pick(world.all<Pod>('pods'))?.metadata, null),
      'a namespace comes': () => this.#do('create', 'namespaces', 'shop', { metadata: { name: 'shop' } }, ''),
      'a namespace goes': () => this.#do('delete', 'namespaces', 'shop', {}, ''),
      'deploy in it': () =>
        this.#do('apply', 'deployments', name, deploymentOf(name, 'web:1', this.#below(3), 'Recreate'), 'shop'),
      configure: () => this.#do('apply', 'configmaps', 'colours', COLOURS),
      'take the configuration away': () => this.#do('delete', 'configmaps', 'colours', {}),
      'a long time passes': () => world.pass(this.#below(LONG_SECONDS) * SECOND),
    };
    const what = this.#pick(Object.keys(acts));
    this.acts.push(`${(world.now - this.#begin) / SECOND}: ${what} (${name}, ${node.name})`);
    acts[what]?.();
  }

  #below(limit: number): number {
    return this.world.dice.below(limit);
  }
  #pick<T>(some: readonly T[]): T {
    return this.world.dice.pick(some) as T;
  }

  /** @returns the answer; `undefined` when it was refused, or is not known to have been done */
  #do(verb: string, resource: string, name: string, body: object, namespace = 'default'): KubeObject | undefined {
    try {
      return this.world.do(verb, resource, namespace, name, body) as KubeObject;
    } catch (error) {
      if (error instanceof StatusError) return undefined;
      throw error;
    }
  }

  #acknowledge(resource: string, { metadata }: KubeObject): void {
    this.acknowledged.set(`${resource}/${metadata?.name}`, metadata?.uid ?? '');
  }

  #deploy(name: string, image: string, replicas: number): void {
    const body = deploymentOf(name, image, replicas, this.#pick(['RollingUpdate', 'Recreate']));
    const applied = this.#do('apply', 'deployments', name, body) as Partial<ApplyResult> | undefined;
    const made = applied?.items?.[0]?.object;
    if (made !== undefined && made.metadata?.deletionTimestamp === undefined) this.#acknowledge('deployments', made);
  }

  #createPod(name: string): void {
    const restartPolicy = this.#pick(['Always', 'OnFailure', 'Never', 'Never']);
    const containers = [containerOf(this.#pick(IMAGES), this.#pick([[], [COLOUR]]))];
    const made = this.#do('create', 'pods', name, { metadata: { name }, spec: { restartPolicy, containers } });
    if (made === undefined) return;
    if (this.#away.size === 0) this.#acknowledge('pods', made);
    if (restartPolicy === 'Never') this.onceAlone.add(made.metadata?.uid ?? '');
  }

  #delete(resource: string, name = '', options: object = {}): void {
    this.acknowledged.delete(`${resource}/${name}`);
    this.#do('delete', resource, name, options);
  }

  #deleteAPod(): void {
    const { metadata } = this.#pick(this.world.all<Pod>('pods')) ?? {};
    if (metadata?.namespace === 'default')
      this.#delete('pods', metadata.name, this.#below(3) === 0 ? { gracePeriodSeconds: 0 } : {});
  }

  #finalizers(metadata: Pod['metadata'], finalizers: readonly string[] | null): void {
    const { name = '', namespace } = metadata ?? {};
    if (namespace !== undefined) this.#do('patch', 'pods', name, { metadata: { finalizers } }, namespace);
  }

  #endOne(): void {
    const node = this.#pick(this.world.nodes);
    const container = this.#pick(node.runtime.containers.filter(({ state }) => state === 'running'));
    if (container !== undefined) this.world.exit(node, container.id, this.#below(2));
  }

  #cordon(name: string, unschedulable: boolean): void {
    this.#do('patch', 'nodes', name, { spec: { unschedulable } }, '');
  }

  #cutOff(node: SimNode): void {
    this.#away.add(node);
    this.#podsMayGo();
    this.world.cutOff(node);
  }

  #reconnect(node: SimNode): void {
    this.#away.delete(node);
    this.world.reconnect(node);
  }

  #deleteNode(node: SimNode): void {
    this.#podsMayGo();
    this.#do('delete', 'nodes', node.name, {}, '');
  }

  /** Those of a node that is away for long, or gone, are evicted. */
  #podsMayGo(): void {
    for (const what of this.acknowledged.keys()) if (what.startsWith('pods/')) this.acknowledged.delete(what);
  }
}
