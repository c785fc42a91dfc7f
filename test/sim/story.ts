import { controllers } from '../../actors/controllers/registry.ts';
import { isFailure, StatusError } from '../../contracts/errors/status.ts';
import type { ConfigMap, Deployment, KubeObject, Pod, ReplicaSet } from '../../contracts/kinds/kinds.ts';
import type { ApplyResult } from '../../contracts/messages/api.ts';
import type { ContainerStatus } from '../../contracts/runtime/status.ts';
import { NO_FAULTS } from './bus.ts';
import { Expected } from './expected.ts';
import { INIT, type SimNode } from './sim-node.ts';
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
/** A ConfigMap that is raised by one, by several at once. */
export const COUNT = 'count';
const HELD = ['a.example/hold'];
const COLOURS = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'colours' }, data: { colour: 'red' } };
const COLOUR = { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'colours', key: 'colour' } } };

/** Each asks for a CPU, of which a node has four. */
const containerOf = (image: string): object => ({ name: 'main', image, resources: { requests: { cpu: '1' } } });
/** What a pod may be made of: it waits for a configuration, for another container to end, or has one beside it. */
const shapesOf = (image: string): readonly object[] => [
  { containers: [containerOf(image)] },
  { containers: [{ ...containerOf(image), env: [COLOUR] }] },
  { initContainers: [{ name: INIT, image: 'web:1' }], containers: [containerOf(image)] },
  { containers: [containerOf(image), { name: 'side', image: 'web:2' }] },
];

const deploymentOf = (name: string, image: string, replicas: number, type: string, minReadySeconds = 0): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    strategy: { type },
    minReadySeconds,
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
  /** What must be there, of what people were told. */
  readonly expected = new Expected();
  /** Pods that may not go, whoever wants them gone: somebody's finalizer holds them. */
  readonly held = new Expected();
  /** How often `count` was raised by one: those who were told so, those who never were, and those who still wait. */
  readonly counted = { told: 0, untold: 0, underWay: 0 };
  /** Uids of pods that may be started once alone. */
  readonly onceAlone = new Set<string>();
  /** Uids of pods whose images were changed. */
  readonly changed = new Set<string>();
  /** Uids of pods that ran when the store went back, which may know nothing of that. */
  readonly restored = new Set<string>();
  readonly #away = new Set<SimNode>();
  /** Those whose engines stand still. */
  readonly #still = new Set<SimNode>();
  /** What engines have lost. */
  readonly #lost: { readonly node: SimNode; readonly container: ContainerStatus }[] = [];
  readonly #begin: number;
  /** How far `count` had come when the newest backup was made. */
  #countThen = 0;

  constructor(seed: number) {
    this.world = new SimWorld(seed);
    this.world.pass(2 * SECOND);
    this.world.do('create', 'configmaps', 'default', COUNT, { metadata: { name: COUNT }, data: { n: '0' } });
    this.#backUp();
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

  /** Nothing breaks any more. */
  calm(): void {
    this.world.faults = NO_FAULTS;
    for (const node of this.#away) this.#reconnect(node);
    this.#letEnginesGoOn();
  }

  /** Nobody holds anything up, and what is asked for can be had. */
  makeRoom(): void {
    const { world } = this;
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
      if (spec?.containers.some(({ image }) => image === 'bad') === true) this.#delete('pods', metadata?.name);
  }

  #act(): void {
    const { world } = this;
    const node = this.#pick(world.nodes);
    const name = `d${this.#below(3)}`;
    const acts: Readonly<Record<string, () => void>> = {
      deploy: () => this.#deploy(name, this.#pick(IMAGES), this.#below(5)),
      'deploy anew': () => this.#deploy(name, this.#pick(IMAGES), this.#below(5)),
      scale: () => this.#ask('patch', 'deployments', name, { spec: { replicas: this.#below(6) } }),
      'three count': () => [1, 2, 3].forEach(() => this.#count()),
      'three others count': () => [1, 2, 3].forEach(() => this.#count()),
      'delete a deployment': () =>
        this.#delete('deployments', name, { propagationPolicy: this.#pick(['Background', 'Foreground', 'Orphan']) }),
      'create a pod': () => this.#createPod(`p${this.#below(4)}`),
      'create another pod': () => this.#createPod(`p${this.#below(4)}`),
      'change a pod': () => this.#changeAPod(),
      'delete a pod': () => this.#deleteAPod(),
      'a container ends': () => this.#endOne(),
      'another container ends': () => this.#endOne(),
      'an engine loses a container': () => this.#loseOne(),
      'somebody else leads': () => world.failOver(this.#pick(LEADERS)),
      'an api-server is killed': () => world.restartApi(),
      'the server is killed': () => world.restartServer(),
      'a worker is killed': () => this.#beginAnew(node, () => world.restartKubelet(node)),
      'a machine boots': () => this.#beginAnew(node, () => world.reboot(node)),
      'a node is cut off': () => this.#cutOff(node),
      'a node is back': () => this.#reconnect(node),
      'an engine stands still': () => this.#holdEngine(node),
      'engines go on': () => this.#letEnginesGoOn(),
      'delete a node': () => this.#deleteNode(node),
      cordon: () => this.#cordon(node.name, this.#below(2) === 0),
      hold: () => this.#finalizers(this.#pick(world.all<Pod>('pods'))?.metadata, HELD),
      'let go': () => this.#finalizers(this.#pick(world.all<Pod>('pods'))?.metadata, null),
      'a namespace comes': () =>
        this.#ask('create', 'namespaces', 'shop', { metadata: { name: 'shop' } }, undefined, ''),
      'a namespace goes': () => this.#ask('delete', 'namespaces', 'shop', {}, undefined, ''),
      'deploy in it': () =>
        this.#ask(
          'apply',
          'deployments',
          name,
          deploymentOf(name, 'web:1', this.#below(3), 'Recreate'),
          undefined,
          'shop',
        ),
      configure: () => this.#ask('apply', 'configmaps', 'colours', COLOURS),
      'take the configuration away': () => this.#ask('delete', 'configmaps', 'colours', {}),
      'a backup is made': () => this.#backUp(),
      'the backup is put back': () => this.#restore(),
      'a clock is set': () => world.setAClock(),
      'another clock is set': () => world.setAClock(),
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

  /** @param then is called with the answer; with `undefined` when it was refused, or is not known to have been done */
  #ask(
    verb: string,
    resource: string,
    name: string,
    body: object,
    then: (answer: KubeObject | undefined, refused: boolean) => void = () => undefined,
    namespace = 'default',
  ): void {
    this.world.ask(verb, resource, namespace, name, body, (answer) => {
      const refused = isFailure(answer) && answer.reason !== 'Timeout' && answer.reason !== 'ServiceUnavailable';
      then(answer === undefined || isFailure(answer) ? undefined : (answer as KubeObject), refused);
    });
  }

  /** At once, and nothing happens to it on its way. */
  #do(verb: string, resource: string, name: string, body: object, namespace = 'default'): void {
    try {
      this.world.do(verb, resource, namespace, name, body);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
  }

  #backUp(): void {
    this.world.backUp();
    const count = this.world.all<ConfigMap>('configmaps').find(({ metadata }) => metadata?.name === COUNT);
    this.#countThen = Number(count?.data?.['n']);
  }

  /** What people were told since the backup was made counts no more. */
  #restore(): void {
    const { world, counted } = this;
    this.expected.forget('deployments');
    this.expected.forget('pods');
    this.held.forget('pods');
    this.onceAlone.clear();
    for (const { runtime } of world.nodes) {
      runtime.started.length = 0;
      for (const { pod } of runtime.containers) this.restored.add(pod.uid);
    }
    world.restore();
    counted.told = this.#countThen;
    counted.untold = 0;
  }

  #count(): void {
    this.#ask('get', 'configmaps', COUNT, {}, (read) => {
      if (read === undefined) return;
      const data = { n: String(Number((read as ConfigMap).data?.['n']) + 1) };
      this.counted.underWay += 1;
      this.#ask('update', 'configmaps', COUNT, { ...read, data }, (written, refused) => {
        this.counted.underWay -= 1;
        if (written !== undefined) this.counted.told += 1;
        else if (!refused) this.counted.untold += 1;
      });
    });
  }

  #deploy(name: string, image: string, replicas: number): void {
    const body = deploymentOf(name, image, replicas, this.#pick(['RollingUpdate', 'Recreate']), this.#pick([0, 0, 4]));
    const made = this.expected.begin('deployments', name);
    this.#ask('apply', 'deployments', name, body, (applied) => {
      const object = (applied as Partial<ApplyResult> | undefined)?.items?.[0]?.object;
      if (object !== undefined && object.metadata?.deletionTimestamp === undefined) made(object);
    });
  }

  #createPod(name: string): void {
    const restartPolicy = this.#pick(['Always', 'OnFailure', 'Never', 'Never']);
    const spec = { ...this.#pick(shapesOf(this.#pick(IMAGES))), restartPolicy };
    const made = this.expected.begin('pods', name);
    this.#ask('create', 'pods', name, { metadata: { name }, spec }, (pod) => {
      if (pod === undefined) return;
      if (this.#away.size + this.#still.size === 0) made(pod);
      const { uid = '' } = pod.metadata ?? {};
      if (restartPolicy === 'Never' && !this.changed.has(uid)) this.onceAlone.add(uid);
    });
  }

  #delete(resource: string, name = '', options: object = {}): void {
    const ended = this.expected.remove(resource, name);
    this.#ask('delete', resource, name, options, ended);
  }

  #deleteAPod(): void {
    const { metadata } = this.#pick(this.world.all<Pod>('pods')) ?? {};
    if (metadata?.namespace === 'default')
      this.#delete('pods', metadata.name, this.#below(3) === 0 ? { gracePeriodSeconds: 0 } : {});
  }

  /** Its container is started again with another image, whatever its restart policy. */
  #changeAPod(): void {
    const { metadata, spec } = this.#pick(this.world.all<Pod>('pods')) ?? {};
    if (metadata?.name === undefined || metadata.namespace !== 'default') return;
    this.onceAlone.delete(metadata.uid ?? '');
    this.changed.add(metadata.uid ?? '');
    const containers = (spec?.containers ?? []).map((each) => ({ ...each, image: this.#pick(IMAGES) }));
    this.#ask('patch', 'pods', metadata.name, { metadata: { uid: metadata.uid }, spec: { containers } });
  }

  #finalizers(metadata: Pod['metadata'], finalizers: readonly string[] | null): void {
    const { name = '', namespace } = metadata ?? {};
    if (namespace === undefined) return;
    const then = namespace === 'default' ? this.#holdOrLetGo(name, finalizers !== null) : undefined;
    this.#ask('patch', 'pods', name, { metadata: { finalizers } }, then, namespace);
  }

  #holdOrLetGo(name: string, holds: boolean): (answer: KubeObject | undefined) => void {
    if (!holds) return this.held.remove('pods', name);
    const made = this.held.begin('pods', name);
    return (pod) => {
      if (pod !== undefined) made(pod);
    };
  }

  #endOne(): void {
    const node = this.#pick(this.world.nodes);
    const container = this.#pick(node.runtime.containers.filter(({ state }) => state === 'running'));
    if (container !== undefined) this.world.exit(node, container.id, this.#below(2));
  }

  /** Not one of which it has to be seen that it ended before others began. */
  #loseOne(): void {
    const node = this.#pick(this.world.nodes);
    const container = this.#pick(node.runtime.containers.filter(({ name }) => name !== INIT));
    if (container === undefined) return;
    this.world.remove(node, container.id);
    this.#lost.push({ node, container });
  }

  /** That a container was started nobody knows any more, once the engine has lost it and its kubelet died before it told the store. */
  #beginAnew(node: SimNode, begin: () => void): void {
    const told = JSON.stringify(this.world.all<Pod>('pods').map(({ status }) => status));
    const { runtime } = node;
    for (const { container } of this.#lost.filter((each) => each.node === node && !told.includes(each.container.id))) {
      const { pod, name, attempt } = container;
      const forgotten = `${pod.uid}/${name}/${attempt}`;
      const at = runtime.started.lastIndexOf(forgotten);
      if (at >= 0) runtime.started.splice(at, 1);
    }
    begin();
  }

  #cordon(name: string, unschedulable: boolean): void {
    this.#ask('patch', 'nodes', name, { spec: { unschedulable } }, undefined, '');
  }

  #cutOff(node: SimNode): void {
    this.#away.add(node);
    this.#podsMayGo();
    this.world.cutOff(node);
  }

  #holdEngine(node: SimNode): void {
    this.#podsMayGo();
    this.#still.add(node);
    this.world.holdEngine(node);
  }

  #letEnginesGoOn(): void {
    for (const node of this.#still) this.world.letEngineGoOn(node);
    this.#still.clear();
  }

  #reconnect(node: SimNode): void {
    this.#away.delete(node);
    this.#still.delete(node); // its engine, too
    this.world.reconnect(node);
  }

  #deleteNode(node: SimNode): void {
    this.#podsMayGo();
    this.#ask('delete', 'nodes', node.name, {}, undefined, '');
  }

  /** Those of a node that is away for long, whose engine is, or that is gone are evicted. */
  #podsMayGo(): void {
    this.expected.forget('pods');
  }
}
