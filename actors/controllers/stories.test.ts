import { describe, expect, it } from 'vitest';
import { statusError } from '../../contracts/errors/status.ts';
import type { Deployment, Event, KubeObject, Node, Pod, ReplicaSet } from '../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../contracts/kinds/meta/conditions.ts';
import { parseKey } from '../../contracts/store/keys.ts';
import { apiServer } from '../api-server/api-server.ts';
import type { ActorDefinition } from '../kernel/declare.ts';
import { type RecordedTurn, saidThen } from '../kernel/journal/journal.ts';
import { MemoryHistory, replay } from '../kernel/replay.ts';
import { type Heard, type TestWorld, testWorld } from '../kernel/testing/test-world.ts';
import type { Write } from '../kernel/view/cache.ts';
import { scheduler } from '../scheduler/scheduler.ts';
import { controllers } from './registry.ts';

const CAST: readonly ActorDefinition[] = [scheduler, ...controllers];
const SEED = [1, 2, 3, 4];

/**
 * Goal: the controllers, the scheduler and the api-server together bring a cluster to what was asked for, whatever the
 * order in which messages and changes reach them, and make nothing twice.
 * Method: real actors in test worlds; this class is the store, the broker and the kubelets. A seed decides who hears what
 * next, so that views lag behind answers and answers behind views, and who crashes in between. Recordings of it all must
 * play back identically.
 */
class Troupe {
  readonly api = testWorld(apiServer({ instance: 'one' }));
  readonly recordings = new Map<TestWorld, RecordedTurn[]>();
  readonly actors: readonly TestWorld[] = CAST.map((definition) =>
    this.#recorded(testWorld(definition, { seed: SEED })),
  );
  readonly writes: Write[] = [];
  /** Every change of the store, and how far each actor has heard it. */
  readonly log: ((world: TestWorld) => void)[] = [];
  readonly heard = new Map<TestWorld, number>();
  readonly asked: { readonly world: TestWorld; readonly heard: Heard }[] = [];
  readonly answered: (() => void)[] = [];
  readonly waiting = new Map<string, (body: unknown) => void>();
  /** What an administrator's quota would: the requests that it says no to. */
  refusing: ((subject: string) => boolean) | undefined;
  /** Reasons of all events that were stored. */
  readonly events = new Set<string>();
  /** Names of pods in the order in which they were created. */
  readonly pods: string[] = [];
  #seed: number;
  #calls = 0;

  constructor(seed: number, nodes = 3) {
    this.#seed = seed;
    this.api.start();
    for (const actor of this.actors) {
      actor.start();
      this.heard.set(actor, 0);
    }
    this.do('create', 'namespaces', '', 'default', { metadata: { name: 'default' } });
    for (let at = 0; at < nodes; at++) {
      const status = {
        allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
        conditions: [{ type: 'Ready', status: 'True' }],
      };
      this.do('create', 'nodes', '', `node-${at}`, { metadata: { name: `node-${at}` } });
      this.do('patch', 'nodes/status', '', `node-${at}`, { status });
    }
  }

  #recorded(world: TestWorld): TestWorld {
    const turns: RecordedTurn[] = [];
    const run = world.core.run.bind(world.core);
    world.core.run = (...args) => {
      const done = run(...args);
      const { n, now, view, rec } = done.turn;
      turns.push({ n, now, view, rec, said: done.out.map(saidThen) });
      return done;
    };
    this.recordings.set(world, turns);
    return world;
  }

  /** Plays every recording back. @returns what diverged, and where */
  diverged(): readonly string[] {
    const history = new MemoryHistory(this.writes);
    return this.actors.flatMap((world) => {
      const { definition, self } = world.core;
      const about = { config: definition.config, window: 0, node: '', icu: '', build: '', driver: false };
      const recorded = this.recordings.get(world) ?? [];
      const { turns, divergence } = replay(
        definition,
        { self, incarnation: 1, seed: SEED, ...about },
        recorded,
        history,
      );
      if (divergence === undefined && turns !== recorded.length)
        return [`${definition.name}: played ${turns} of ${recorded.length}`];
      return divergence === undefined ? [] : [`${definition.name} turn ${divergence.turn}: ${divergence.what}`];
    });
  }

  #random(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * below);
  }

  /** One request of a person, answered at once. */
  do(verb: string, resource: string, namespace: string, name: string, body?: object): Record<string, unknown> {
    let answer: unknown;
    this.#call(
      `troupe.api.me.${verb}.${resource.replace('/', '=2F')}.${namespace || '_'}.${name || '_'}`,
      body,
      {},
      (said) => {
        answer = said;
      },
    );
    if ((answer as { status?: unknown } | undefined)?.status === 'Failure')
      throw statusError('BadRequest', JSON.stringify(answer));
    return answer as Record<string, unknown>;
  }

  #call(subject: string, body: unknown, headers: Heard['headers'], done: (body: unknown) => void): void {
    const reply = `_INBOX.me.${++this.#calls}`;
    this.waiting.set(reply, done);
    this.api.callSubject(subject, body, { reply, headers: headers ?? {} });
    for (let said = this.api.said(); said.length > 0; said = this.api.said()) {
      for (const heard of said) {
        if (heard.kind === 'reply') this.waiting.get(heard.subject)?.(heard.body);
        else if (heard.kind === 'port') this.api.answer(heard, this.#store(heard));
      }
    }
  }

  #store({ say, body }: Heard): unknown {
    const { key = '', object, expect: wanted } = body as { key?: string; object?: KubeObject; expect?: number };
    const { cache } = this.api;
    if (say === 'putEvent') {
      this.events.add((object as Event).reason ?? '');
      return { revision: 1 };
    }
    if (say === 'getEvent') return {};
    if (say === 'listEvents') return { objects: [], more: false, revision: 1 };
    const parts = parseKey(key);
    if (say === 'fresh' || say === 'reached' || parts === undefined) return { revision: cache.revision };
    const { resource, namespace, name } = parts;
    if (wanted !== undefined && cache.revisionOf(key) !== wanted) {
      return statusError(wanted === 0 ? 'AlreadyExists' : 'Conflict', `${key} is at another revision`).status;
    }
    if (say === 'put' && object !== undefined) {
      if (resource === 'pods' && wanted === 0) this.pods.push(name);
      this.log.push((world) => world.put(resource, object));
      const revision = this.api.put(resource, object);
      this.writes.push({ key, revision, object });
      return { revision };
    }
    this.log.push((world) => world.remove(resource, namespace, name));
    const revision = this.api.remove(resource, namespace, name);
    this.writes.push({ key, revision });
    return { revision };
  }

  /** Lets one thing happen. @returns whether anything could */
  #step(): boolean {
    const behind = this.actors.filter((actor) => (this.heard.get(actor) ?? 0) < this.log.length);
    const choices = [
      ...behind.map((actor) => () => {
        const at = this.heard.get(actor) ?? 0;
        const upTo = at + 1 + this.#random(Math.min(4, this.log.length - at));
        for (const change of this.log.slice(at, upTo)) change(actor);
        this.heard.set(actor, upTo);
        this.#collect(actor.settle());
      }),
      ...(this.asked.length === 0 ? [] : [() => this.#serve()]),
      ...(this.answered.length === 0 ? [] : [() => this.answered.splice(this.#random(this.answered.length), 1)[0]?.()]),
    ];
    choices[this.#random(choices.length)]?.();
    const [unlucky] = this.actors.slice(this.#random(this.actors.length * 20));
    // A crash between two turns: what is not in cells is gone.
    if (unlucky?.core.openAsks === 0) this.#collect(unlucky.crash());
    return choices.length > 0;
  }

  #collect(world: TestWorld): void {
    for (const heard of world.said()) if (heard.kind === 'request') this.asked.push({ world, heard });
  }

  /** The oldest request of a random actor. */
  #serve(): void {
    const [request] = this.asked.splice(this.#random(Math.min(3, this.asked.length)), 1);
    if (request === undefined) return;
    const { world, heard } = request;
    const answered = (body: unknown): void => {
      if (heard.timeoutMs === undefined) return;
      this.answered.push(() => this.#collect(world.answer(heard, body)));
    };
    if (this.refusing?.(heard.subject) === true) answered(statusError('Forbidden', 'exceeded quota').status);
    else this.#call(heard.subject, heard.body, heard.headers, answered);
  }

  /** Plays until `done`, with kubelets if wanted. */
  until(done: () => boolean, seconds = 120, kubelets = true): void {
    for (let second = 0; second < seconds; second++) {
      for (let step = 0; this.#step(); step++) if (step > 50_000) throw new Error('never comes to rest');
      if (done()) return;
      if (kubelets) this.#kubelets();
      this.api.advance(500);
      for (const actor of this.actors) {
        actor.advance(500);
        this.#collect(actor);
      }
      this.#beat();
    }
    throw new Error(
      `not done after ${seconds} s: ${JSON.stringify(this.all<Pod>('pods').map((p) => [p.metadata?.name, p.status?.phase, p.spec?.nodeName]))}`,
    );
  }

  #beat(): void {
    const beats = this.all<Node>('nodes').map(({ metadata }) => ({
      subject: `troupe.heartbeat.${metadata?.name}`,
      body: { node: metadata?.name, sentAt: this.api.now, runtimeReady: true, pods: 0 },
    }));
    for (const actor of this.actors)
      if ('beats' in actor.core.definition.hears) this.#collect(actor.latest('beats', beats));
  }

  #kubelets(): void {
    for (const { metadata, spec, status } of this.all<Pod>('pods')) {
      const { name = '', namespace = '' } = metadata ?? {};
      if ((spec?.nodeName ?? '') === '') continue;
      if (metadata?.deletionTimestamp !== undefined)
        this.do('delete', 'pods', namespace, name, { gracePeriodSeconds: 0 });
      else if (status?.phase === 'Pending' && !(spec?.containers[0]?.image ?? '').includes('bad')) {
        const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
        this.do('patch', 'pods/status', namespace, name, { status: { phase: 'Running', conditions: [ready] } });
      }
    }
  }

  all<T extends KubeObject>(resource: string): readonly T[] {
    return this.api.cache.list(resource) as readonly unknown[] as readonly T[];
  }
  status(): Deployment['status'] {
    return this.all<Deployment>('deployments')[0]?.status;
  }
  reports(): readonly string[] {
    return this.actors.flatMap(({ reports, core }) =>
      reports.map(({ key, error }) => `${core.definition.name} ${key}: ${String(error)}`),
    );
  }
}

const web = (replicas: number, image = 'web:1'): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image, resources: { requests: { cpu: '100m' } } }] },
    },
  },
});
const complete = (troupe: Troupe, replicas: number) => (): boolean => {
  const { updatedReplicas, availableReplicas, replicas: all, observedGeneration } = troupe.status() ?? {};
  const current = troupe.all<Deployment>('deployments')[0]?.metadata?.generation === observedGeneration;
  return current && updatedReplicas === replicas && availableReplicas === replicas && all === replicas;
};

describe.each([1, 2, 3, 4, 5, 6])('whatever the order of messages (seed %i)', (seed) => {
  it('a Deployment comes to life, with no pod too many', () => {
    const troupe = new Troupe(seed);
    troupe.until(() => true); // everyone knows the nodes
    troupe.do('create', 'deployments', 'default', 'web', web(7));
    troupe.until(complete(troupe, 7));
    expect(troupe.pods).toHaveLength(7);
    expect([...troupe.events]).toEqual(expect.arrayContaining(['ScalingReplicaSet', 'SuccessfulCreate', 'Scheduled']));
    expect(new Set(troupe.all<Pod>('pods').map(({ spec }) => spec?.nodeName)).size).toBe(3);
    expect(troupe.reports()).toEqual([]);
  });

  it('scales, heals, rolls to a new image, and leaves nothing behind when it is deleted', () => {
    const troupe = new Troupe(seed);
    troupe.do('create', 'deployments', 'default', 'web', web(4));
    troupe.until(complete(troupe, 4));
    troupe.do('patch', 'deployments', 'default', 'web', { spec: { replicas: 6 } });
    troupe.until(complete(troupe, 6));
    expect(troupe.pods).toHaveLength(6);

    const victim = troupe.all<Pod>('pods')[2];
    troupe.do('delete', 'pods', 'default', victim?.metadata?.name ?? '');
    troupe.until(() => complete(troupe, 6)() && troupe.all('pods').length === 6);
    expect(troupe.pods).toHaveLength(7);
    expect(troupe.all<Pod>('pods').map(({ metadata }) => metadata?.uid)).not.toContain(victim?.metadata?.uid);

    troupe.do('apply', 'deployments', 'default', 'web', web(6, 'web:2'));
    troupe.until(() => complete(troupe, 6)() && troupe.all('pods').length === 6);
    expect(new Set(troupe.all<Pod>('pods').map(({ spec }) => spec?.containers[0]?.image))).toEqual(new Set(['web:2']));
    expect(new Set(troupe.all<ReplicaSet>('replicasets').map(({ spec }) => spec?.replicas))).toEqual(new Set([0, 6]));

    troupe.do('delete', 'deployments', 'default', 'web');
    troupe.until(() => troupe.all('replicasets').length === 0 && troupe.all('pods').length === 0);
    expect(troupe.reports()).toEqual([]);
    expect(troupe.diverged()).toEqual([]);
  });

  it('a bad image holds up the rollout but not the service, and the next one goes through', () => {
    const troupe = new Troupe(seed);
    troupe.do('create', 'deployments', 'default', 'web', web(4));
    troupe.until(complete(troupe, 4));
    troupe.do('apply', 'deployments', 'default', 'web', web(4, 'bad'));
    troupe.until(() => troupe.status()?.updatedReplicas === 2 && troupe.status()?.availableReplicas === 3);
    for (let round = 0; round < 5; round++) {
      let rounds = 0;
      troupe.until(() => rounds++ > 2);
      expect(troupe.status()?.availableReplicas).toBeGreaterThanOrEqual(3);
    }
    troupe.do('apply', 'deployments', 'default', 'web', web(4, 'web:3'));
    troupe.until(() => complete(troupe, 4)() && troupe.all('pods').length === 4);
  });

  it('pods that are refused: the set and the Deployment say why, until they are not', () => {
    const troupe = new Troupe(seed);
    const creates: string[] = [];
    troupe.refusing = (subject) => {
      const full = subject.startsWith('troupe.api.replica-set.create.pods.') && troupe.pods.length >= 3;
      if (full) creates.push(subject);
      return full;
    };
    troupe.do('create', 'deployments', 'default', 'web', web(20));
    const failureOf = (status: Deployment['status'] | ReplicaSet['status']) => conditionOf(status, 'ReplicaFailure');
    troupe.until(() => failureOf(troupe.status()) !== undefined);
    const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' };
    expect(failureOf(troupe.status())).toMatchObject(failure);
    expect(failureOf(troupe.all<ReplicaSet>('replicasets')[0]?.status)).toMatchObject(failure);
    let seconds = 0;
    troupe.until(() => seconds++ > 30);
    expect(troupe.pods).toHaveLength(3);
    expect([...troupe.events]).toContain('FailedCreate');
    expect(creates.length).toBeLessThan(60); // every attempt is given up early, and they come ever more rarely
    troupe.refusing = undefined;
    troupe.until(complete(troupe, 20));
    troupe.until(() => failureOf(troupe.status()) === undefined);
    expect(failureOf(troupe.all<ReplicaSet>('replicasets')[0]?.status)).toBeUndefined();
    expect(troupe.pods).toHaveLength(20);
    expect(troupe.diverged()).toEqual([]);
  });

  it('a namespace takes everything in it along', () => {
    const troupe = new Troupe(seed);
    troupe.do('create', 'namespaces', '', 'shop', { metadata: { name: 'shop' } });
    troupe.until(() => troupe.all('serviceaccounts').length === 2);
    const deployment = web(3) as Deployment;
    troupe.do('create', 'deployments', 'shop', 'web', { ...deployment, metadata: { name: 'web', namespace: 'shop' } });
    troupe.until(complete(troupe, 3));
    troupe.do('delete', 'namespaces', '', 'shop');
    troupe.until(() => troupe.all('namespaces').length === 1);
    expect([troupe.all('pods').length, troupe.all('replicasets').length, troupe.all('serviceaccounts').length]).toEqual(
      [0, 0, 1],
    );
  });

  it('orphan: the pods stay, and a new owner adopts them', () => {
    const troupe = new Troupe(seed);
    const { spec } = web(3) as Deployment;
    const set = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'web' },
      spec: { ...spec, replicas: 3 },
    };
    troupe.do('create', 'replicasets', 'default', 'web', set);
    troupe.until(() => troupe.all<ReplicaSet>('replicasets')[0]?.status?.availableReplicas === 3);
    troupe.do('delete', 'replicasets', 'default', 'web', { propagationPolicy: 'Orphan' });
    troupe.until(() => troupe.all('replicasets').length === 0);
    expect(troupe.all<Pod>('pods').map(({ metadata }) => metadata?.ownerReferences ?? [])).toEqual([[], [], []]);
    troupe.do('create', 'replicasets', 'default', 'web', set);
    troupe.until(() => troupe.all<ReplicaSet>('replicasets')[0]?.status?.availableReplicas === 3);
    expect(troupe.pods).toHaveLength(3);
  });
});
