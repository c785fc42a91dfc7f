import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { failureNotes, successNotes } from './deployment-events.ts';
import { type DeploymentEffect, planDeployment } from './plan-deployment.ts';
import { isComplete } from './plan-progressing-condition.ts';
import { templateHash } from './pod-template-hash.ts';
import { REVISION } from './revision-annotations.ts';
import { rollingLimits } from './rolling-update-limits.ts';

const T0 = 1_700_000_000_000;

const web = (spec: Partial<Deployment['spec'] & object> = {}, image = 'web:1'): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', uid: 'dep-uid', generation: 1, annotations: { team: 'blue' } },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    ...spec,
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image }] } },
  },
});

/** A world of one Deployment whose sets reach their sizes as told; just enough of an api-server. */
class World {
  deployment: Deployment;
  sets = new Map<string, ReplicaSet>();
  now = T0;
  readonly notes: string[] = [];
  constructor(deployment: Deployment) {
    this.deployment = deployment;
  }
  plan() {
    return planDeployment(this.deployment, [...this.sets.values()], (name) => this.sets.get(name), this.now);
  }
  step(): readonly DeploymentEffect[] {
    const { effects } = this.plan();
    for (const effect of effects) {
      this.notes.push(...successNotes(effect).map(({ message }) => message));
      this.apply(effect);
    }
    return effects;
  }
  apply(effect: DeploymentEffect): void {
    if (effect.type === 'create-set') {
      const created = new Date(T0 + this.sets.size * 1000).toISOString();
      const name = effect.set.metadata?.name ?? '';
      this.put({
        ...effect.set,
        metadata: { ...effect.set.metadata, uid: `${name}-uid`, generation: 1, creationTimestamp: created },
      });
    } else if (effect.type === 'patch-set') {
      const { set, replicas, annotations } = effect;
      const metadata = { ...set.metadata, annotations: { ...set.metadata?.annotations, ...annotations } };
      const grown = replicas === undefined ? metadata : { ...metadata, generation: (metadata.generation ?? 0) + 1 };
      this.put({
        ...set,
        metadata: grown,
        spec: { selector: {}, ...set.spec, ...(replicas === undefined ? {} : { replicas }) },
      });
    } else if (effect.type === 'delete-set') this.sets.delete(effect.set.metadata?.name ?? '');
    else if (effect.type === 'status') this.deployment = { ...this.deployment, status: effect.status };
    else if (effect.type === 'annotate') this.edit({}, effect.annotations);
  }
  put(set: ReplicaSet): void {
    this.sets.set(set.metadata?.name ?? '', set);
  }
  edit(spec: Partial<Deployment['spec'] & object>, annotations: Readonly<Record<string, string>> = {}): void {
    const { metadata } = this.deployment;
    const generation = (metadata?.generation ?? 0) + (Object.keys(spec).length > 0 ? 1 : 0);
    this.deployment = {
      ...this.deployment,
      metadata: { ...metadata, generation, annotations: { ...metadata?.annotations, ...annotations } },
      spec: { selector: {}, template: {}, ...this.deployment.spec, ...spec },
    };
  }
  image(image: string): void {
    this.edit(web({}, image).spec?.template === undefined ? {} : { template: web({}, image).spec?.template ?? {} });
  }
  /** The ReplicaSet controller and the kubelets, moved one step: at most `burst` pods a set come to life. */
  pods(burst = Number.POSITIVE_INFINITY): void {
    for (const set of this.sets.values()) {
      const size = set.spec?.replicas ?? 1;
      const ready = Math.min(size, (set.status?.availableReplicas ?? 0) + burst);
      const status = {
        replicas: size,
        readyReplicas: ready,
        availableReplicas: ready,
        observedGeneration: set.metadata?.generation ?? 0,
      };
      this.put({ ...set, status });
    }
  }
  settle(burst?: number, steps = 200): void {
    for (let at = 0; at < steps; at++) {
      const before = JSON.stringify([this.deployment, [...this.sets]]);
      this.step();
      this.pods(burst);
      if (JSON.stringify([this.deployment, [...this.sets]]) === before) return;
    }
    throw new Error(`did not settle in ${steps} steps: ${JSON.stringify(this.deployment.status)}`);
  }
  get sizes(): readonly (number | undefined)[] {
    return [...this.sets.values()].map((set) => set.spec?.replicas);
  }
}

it.each([
  { want: 10, strategy: {}, surge: 3, unavailable: 2 },
  { want: 3, strategy: {}, surge: 1, unavailable: 0 },
  { want: 0, strategy: {}, surge: 0, unavailable: 1 },
  { want: 10, strategy: { maxSurge: 0, maxUnavailable: 0 }, surge: 0, unavailable: 1 },
  { want: 4, strategy: { maxSurge: '100%', maxUnavailable: 9 }, surge: 4, unavailable: 4 },
])('fence posts of $want with $strategy', ({ want, strategy, surge, unavailable }) => {
  const deployment = web({ replicas: want, strategy: { type: 'RollingUpdate', rollingUpdate: strategy } });
  expect(rollingLimits(deployment)).toEqual({ maxSurge: surge, maxUnavailable: unavailable });
});

it('makes one set, named after its template, with the first revision', () => {
  const world = new World(web());
  const effects = world.step();
  expect(effects.map(({ type }) => type)).toEqual(['create-set', 'annotate', 'status']);
  const hash = templateHash(world.deployment.spec?.template, undefined);
  expect(world.sets.get(`web-${hash}`)).toMatchObject({
    metadata: {
      labels: { app: 'web', 'pod-template-hash': hash },
      annotations: { team: 'blue', [REVISION]: '1', 'deployment.kubernetes.io/desired-replicas': '3' },
      ownerReferences: [{ kind: 'Deployment', uid: 'dep-uid', controller: true }],
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: { 'pod-template-hash': hash } },
      template: { metadata: { labels: { 'pod-template-hash': hash } } },
    },
  });
  expect(world.notes).toEqual([`Scaled up replica set web-${hash} from 0 to 3`]);
});

it('rests once complete, and says so', () => {
  const world = new World(web());
  world.settle();
  expect(world.plan()).toEqual({ effects: [] });
  expect(world.deployment.status).toMatchObject({
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    unavailableReplicas: 0,
  });
  expect(world.deployment.status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual(
    ['Available=True MinimumReplicasAvailable', 'Progressing=True NewReplicaSetAvailable'],
  );
});

it('rolls to a new template and keeps the old set for rolling back', () => {
  const world = new World(web());
  world.settle();
  world.image('web:2');
  world.settle(1);
  expect(world.sizes).toEqual([0, 3]);
  expect(world.deployment.metadata?.annotations?.[REVISION]).toBe('2');
  world.image('web:1');
  world.settle(1);
  expect(world.sizes).toEqual([3, 0]);
  expect(world.deployment.metadata?.annotations?.[REVISION]).toBe('3');
  expect([...world.sets.values()].map((set) => set.metadata?.annotations?.[REVISION])).toEqual(['3', '2']);
});

it('an empty list or map that the template did not have before means nothing, and rolls nothing out', () => {
  const world = new World(web());
  world.settle();
  const container = { name: 'main', image: 'web:1' };
  const template = (annotations: Record<string, string>, more: object) => ({
    metadata: { labels: { app: 'web' }, annotations },
    spec: { containers: [{ ...container, ...more }], nodeSelector: {} },
  });
  world.edit({ template: template({}, { env: [], resources: { limits: {} }, securityContext: undefined }) });
  expect(world.plan().effects.filter(({ type }) => type === 'create-set')).toHaveLength(1); // `resources: {}` is not empty
  world.edit({ template: template({}, { env: [], args: [] }) });
  world.settle();
  expect(world.sizes).toEqual([3]);
  world.edit({ template: template({}, { env: [{ name: 'A' }] }) });
  world.settle();
  expect(world.sizes).toEqual([0, 3]);
});

it('a quantity that is only written otherwise rolls nothing out', () => {
  const world = new World(web());
  const template = (memory: string) => ({
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'web:1', resources: { limits: { memory } } }] },
  });
  world.edit({ template: template('134217728') });
  world.settle();
  world.edit({ template: template('128Mi') });
  world.settle();
  expect(world.sizes).toEqual([3]);
  world.edit({ template: template('129Mi') });
  world.settle();
  expect(world.sizes).toEqual([0, 3]);
});

it('keeps no more old sets than revisionHistoryLimit', () => {
  const world = new World(web({ revisionHistoryLimit: 2 }));
  for (const image of ['web:1', 'web:2', 'web:3', 'web:4', 'web:5']) {
    world.image(image);
    world.settle();
  }
  expect([...world.sets.values()].map((set) => set.spec?.template?.spec?.containers[0]?.image)).toEqual([
    'web:3',
    'web:4',
    'web:5',
  ]);
});

it('paused: follows scaling, rolls nothing out', () => {
  const world = new World(web());
  world.settle();
  world.edit({ paused: true });
  world.image('web:2');
  world.settle();
  expect(world.sizes).toEqual([3]);
  expect(world.deployment.status?.conditions).toContainEqual(
    expect.objectContaining({ reason: 'DeploymentPaused', status: 'Unknown' }),
  );
  world.edit({ replicas: 5 });
  world.settle();
  expect(world.sizes).toEqual([5]);
  world.edit({ paused: false });
  world.settle();
  expect(world.sizes).toEqual([0, 5]);
});

it('scales a half-done rollout in proportion', () => {
  const world = new World(
    web({ replicas: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }),
  );
  world.settle();
  world.image('web:bad');
  world.step(); // new set with 3
  world.pods(0);
  world.step(); // old set down to 8
  world.pods(0);
  world.step();
  expect(world.sizes).toEqual([8, 5]);
  world.edit({ replicas: 15 });
  world.step();
  expect(world.sizes).toEqual([11, 7]);
});

it('scaled down half-way through a rollout, it stays above its floor though its sets tell late of what they gave', () => {
  const world = new World(
    web({ replicas: 6, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }),
  );
  world.settle();
  world.image('web:2');
  while (world.sizes.join() !== '5,2') {
    world.step();
    world.pods();
  }
  world.edit({ replicas: 3 });
  for (let at = 0; at < 6; at++) world.step();
  expect(world.sizes).toEqual([3, 1]); // and no further before the new set has told that one is left
  world.settle();
  expect(world.sizes).toEqual([0, 3]);
});

it('scaled half-way through a rollout, enough pods stay however late sets tell of theirs', () => {
  const move = fc.record({ act: fc.constantFrom('plan', 'pods', 'tell'), at: fc.nat(1) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 8 }),
      fc.array(move, { maxLength: 60 }),
      (maxSurge, steps, want, moves) => {
        const world = new World(
          web({ replicas: 6, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable: 0 } } }),
        );
        world.settle();
        world.image('web:2');
        for (let at = 0; at < steps; at++) {
          world.step();
          world.pods();
        }
        world.edit({ replicas: want });
        const alive = new Map([...world.sets].map(([name, set]) => [name, set.spec?.replicas ?? 0]));
        for (const { act, at } of moves) {
          const [name = '', set] = [...world.sets][at] ?? [];
          if (act === 'plan') world.step();
          else if (act === 'pods') alive.set(name, set?.spec?.replicas ?? 0);
          else if (set !== undefined) {
            const count = alive.get(name) ?? 0;
            world.put({ ...set, status: { replicas: count, readyReplicas: count, availableReplicas: count } });
          }
          const left = [...alive.values()].reduce((sum, count) => sum + count, 0);
          expect(left).toBeGreaterThanOrEqual(Math.min(6, want));
        }
      },
    ),
    { numRuns: 500 },
  );
});

it('Recreate: no new pod before every old one is gone', () => {
  const world = new World(web({ strategy: { type: 'Recreate' } }));
  world.settle();
  world.image('web:2');
  world.step();
  expect(world.sizes).toEqual([0]);
  const [old] = [...world.sets.values()];
  world.put({
    ...old,
    status: { replicas: 0, terminatingReplicas: 3, observedGeneration: old?.metadata?.generation ?? 0 },
  });
  world.step();
  expect(world.sets.size).toBe(1);
  world.pods();
  world.step();
  expect(world.sizes).toEqual([0, 3]);
});

it('a name that is taken counts as a collision, and the next plan takes another', () => {
  const world = new World(web());
  const name = `web-${templateHash(world.deployment.spec?.template, undefined)}`;
  world.put({
    metadata: { name, namespace: 'shop', uid: 'foreign', labels: { app: 'other' } },
    spec: { selector: {}, replicas: 0 },
  });
  world.step();
  expect(world.deployment.status?.collisionCount).toBe(1);
  world.step();
  expect([...world.sets.keys()]).toEqual([name, `web-${templateHash(world.deployment.spec?.template, 1)}`]);
});

it('calls a rollout timed out after progressDeadlineSeconds, and comes back in time to say so', () => {
  const world = new World(web({ progressDeadlineSeconds: 60 }));
  world.step();
  world.pods(0);
  world.step();
  expect(world.plan().againInMs).toBe(60_000);
  world.now += 60_000;
  world.step();
  expect(world.deployment.status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }),
  );
  expect(world.plan()).toEqual({ effects: [] });
  world.settle();
  expect(world.deployment.status?.conditions).toContainEqual(
    expect.objectContaining({ reason: 'NewReplicaSetAvailable' }),
  );
});

const FORBIDDEN = { say: 'create', message: 'over quota', retry: 'never' } as const;

it('says first why its set could not be made, and goes on where it is', () => {
  const world = new World(web());
  const { effects } = planDeployment(world.deployment, [], () => undefined, T0, FORBIDDEN);
  expect(effects.map(({ type }) => type)).toEqual(['status', 'create-set', 'annotate']);
  const name = `web-${templateHash(world.deployment.spec?.template, undefined)}`;
  const message = `Failed to create new replica set "${name}": over quota`;
  expect(effects[0]).toMatchObject({
    status: {
      conditions: [
        { type: 'Available' },
        { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message },
      ],
    },
  });
  expect(effects.flatMap((effect) => failureNotes(effect, FORBIDDEN))).toEqual([
    { type: 'Warning', reason: 'ReplicaSetCreateError', message },
  ]);
  for (const effect of effects) world.apply(effect);
  world.settle();
  expect(isComplete(world.deployment)).toBe(true);
});

it('mirrors what keeps a set from its size, and forgets it when the set does', () => {
  const world = new World(web());
  world.step();
  const [set] = [...world.sets.values()];
  const failure = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: 'over quota',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  world.put({ ...set, status: { replicas: 0, conditions: [failure] } });
  world.step();
  expect(world.deployment.status?.conditions).toContainEqual({
    ...failure,
    lastUpdateTime: failure.lastTransitionTime,
  });
  expect(world.plan().effects).toEqual([]);
  world.settle();
  expect(world.deployment.status?.conditions?.map(({ type }) => type)).toEqual(['Available', 'Progressing']);
});

it('a Deployment on its way out moves nothing', () => {
  const world = new World(web());
  world.edit({});
  world.deployment = {
    ...world.deployment,
    metadata: { ...world.deployment.metadata, deletionTimestamp: '2024-01-01T00:00:00Z' },
  };
  expect(world.step().map(({ type }) => type)).toEqual(['status']);
});

it('adopts a set that it selects, and lets one go whose labels changed', () => {
  const world = new World(web());
  const orphan = {
    metadata: { name: 'o', namespace: 'shop', uid: 'o', labels: { app: 'web' } },
    spec: { selector: {}, replicas: 1 },
  };
  world.put(orphan);
  expect(world.plan().effects).toEqual([{ type: 'adopt', set: orphan }]);
});

it('never exceeds the surge, never falls below the floor, and completes', () => {
  const limits = fc.oneof(
    fc.nat(4),
    fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
  );
  const moves = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), limits, limits, moves, (want, maxSurge, maxUnavailable, bursts) => {
      const world = new World(
        web({ replicas: want, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } }),
      );
      world.settle();
      const { maxSurge: surge, maxUnavailable: down } = rollingLimits(world.deployment);
      world.image('web:2');
      for (const burst of [...bursts, ...Array.from({ length: 80 }, () => 1)]) {
        world.step();
        const sets = [...world.sets.values()];
        const size = sets.reduce((sum, set) => sum + (set.spec?.replicas ?? 0), 0);
        const served = sets.reduce(
          (sum, set) => sum + Math.min(set.spec?.replicas ?? 0, set.status?.availableReplicas ?? 0),
          0,
        );
        expect(size).toBeLessThanOrEqual(want + surge);
        expect(served).toBeGreaterThanOrEqual(want - down);
        world.pods(burst);
      }
      world.settle(1);
      expect(isComplete(world.deployment)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it('settles from any series of edits', () => {
  const edit = fc.oneof(
    fc.nat(12).map((replicas) => (world: World) => world.edit({ replicas })),
    fc.constantFrom('a', 'b', 'c').map((image) => (world: World) => world.image(image)),
    fc.boolean().map((paused) => (world: World) => world.edit({ paused })),
    fc.constant((world: World) => world.pods(1)),
  );
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 15 }), (edits) => {
      const world = new World(web({ replicas: 4 }));
      for (const change of edits) {
        change(world);
        world.step();
        world.pods(1);
      }
      world.edit({ paused: false });
      world.settle(2, 400);
      expect(isComplete(world.deployment)).toBe(true);
      expect(world.plan().effects).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
