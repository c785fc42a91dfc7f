import { describe, expect, it } from 'vitest';
import type { StatusError } from '../../contracts/errors/status.ts';
import type { Deployment, Pod, ReplicaSet } from '../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../contracts/kinds/meta/conditions.ts';
import { SimWorld } from '../../test/sim/sim-world.ts';

/*
 * Goal: the controllers, the scheduler and the api-server together bring a cluster to what was asked for, whatever the
 * order in which messages and changes reach them and whatever is lost or comes twice, and make nothing twice.
 * Method: the seeded world of test/sim. Recordings of it all must play back identically.
 */

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
const statusIn = (world: SimWorld): Deployment['status'] => world.all<Deployment>('deployments')[0]?.status;
const complete = (world: SimWorld, replicas: number) => (): boolean => {
  const { updatedReplicas, availableReplicas, replicas: all, observedGeneration } = statusIn(world) ?? {};
  const current = world.all<Deployment>('deployments')[0]?.metadata?.generation === observedGeneration;
  return current && updatedReplicas === replicas && availableReplicas === replicas && all === replicas;
};

describe.each([1, 2, 3, 4, 5, 6])('whatever the order of messages (seed %i)', (seed) => {
  it('a Deployment comes to life, with no pod too many', () => {
    const world = new SimWorld(seed);
    world.until(() => true); // everyone knows the nodes
    world.do('create', 'deployments', 'default', 'web', web(7));
    world.until(complete(world, 7));
    expect(world.created('pods')).toHaveLength(7);
    expect([...world.eventReasons]).toEqual(
      expect.arrayContaining(['ScalingReplicaSet', 'SuccessfulCreate', 'Scheduled']),
    );
    expect(new Set(world.all<Pod>('pods').map(({ spec }) => spec?.nodeName)).size).toBe(3);
    expect(world.reports()).toEqual([]);
  });

  it('scales, heals, rolls to a new image, and leaves nothing behind when it is deleted', () => {
    const world = new SimWorld(seed);
    world.do('create', 'deployments', 'default', 'web', web(4));
    world.until(complete(world, 4));
    world.do('patch', 'deployments', 'default', 'web', { spec: { replicas: 6 } });
    world.until(complete(world, 6));
    expect(world.created('pods')).toHaveLength(6);

    const victim = world.all<Pod>('pods')[2];
    world.do('delete', 'pods', 'default', victim?.metadata?.name ?? '');
    world.until(() => complete(world, 6)() && world.all('pods').length === 6);
    expect(world.created('pods')).toHaveLength(7);
    expect(world.all<Pod>('pods').map(({ metadata }) => metadata?.uid)).not.toContain(victim?.metadata?.uid);

    world.do('apply', 'deployments', 'default', 'web', web(6, 'web:2'));
    world.until(() => complete(world, 6)() && world.all('pods').length === 6);
    expect(new Set(world.all<Pod>('pods').map(({ spec }) => spec?.containers[0]?.image))).toEqual(new Set(['web:2']));
    expect(new Set(world.all<ReplicaSet>('replicasets').map(({ spec }) => spec?.replicas))).toEqual(new Set([0, 6]));

    world.do('delete', 'deployments', 'default', 'web');
    world.until(() => world.all('replicasets').length === 0 && world.all('pods').length === 0);
    expect(world.reports()).toEqual([]);
    expect(world.diverged()).toEqual([]);
  });

  it('a bad image holds up the rollout but not the service, and the next one goes through', () => {
    const world = new SimWorld(seed);
    world.do('create', 'deployments', 'default', 'web', web(4));
    world.until(complete(world, 4));
    world.do('apply', 'deployments', 'default', 'web', web(4, 'bad'));
    world.until(() => statusIn(world)?.updatedReplicas === 2 && statusIn(world)?.availableReplicas === 3);
    for (let round = 0; round < 5; round++) {
      let rounds = 0;
      world.until(() => rounds++ > 2);
      expect(statusIn(world)?.availableReplicas).toBeGreaterThanOrEqual(3);
    }
    world.do('apply', 'deployments', 'default', 'web', web(4, 'web:3'));
    world.until(() => complete(world, 4)() && world.all('pods').length === 4);
  });

  it('pods that are refused: the set and the Deployment say why, until they are not', () => {
    const world = new SimWorld(seed);
    const creates: string[] = [];
    world.refusing = (subject) => {
      const full = subject.startsWith('troupe.api.master.create.pods.') && world.created('pods').length >= 3;
      if (full) creates.push(subject);
      return full;
    };
    world.do('create', 'deployments', 'default', 'web', web(20));
    const failureOf = (status: Deployment['status'] | ReplicaSet['status']) => conditionOf(status, 'ReplicaFailure');
    world.until(() => failureOf(statusIn(world)) !== undefined);
    const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' };
    expect(failureOf(statusIn(world))).toMatchObject(failure);
    expect(failureOf(world.all<ReplicaSet>('replicasets')[0]?.status)).toMatchObject(failure);
    let seconds = 0;
    world.until(() => seconds++ > 30);
    expect(world.created('pods')).toHaveLength(3);
    expect([...world.eventReasons]).toContain('FailedCreate');
    expect(creates.length).toBeLessThan(60); // every attempt is given up early, and they come ever more rarely
    world.refusing = undefined;
    world.until(complete(world, 20));
    world.until(() => failureOf(statusIn(world)) === undefined);
    expect(failureOf(world.all<ReplicaSet>('replicasets')[0]?.status)).toBeUndefined();
    expect(world.created('pods')).toHaveLength(20);
    expect(world.diverged()).toEqual([]);
  });

  it('pods whose service account is missing: the set and an event say so, and it tries ever more rarely until it is there', () => {
    const world = new SimWorld(seed);
    const { template, ...spec } = (web(3) as Deployment).spec as NonNullable<Deployment['spec']>;
    const under = { ...template, spec: { ...template.spec, serviceAccountName: 'robot' } };
    world.do('create', 'deployments', 'default', 'web', { ...web(3), spec: { ...spec, template: under } });
    let tried = 0;
    world.refusing = (subject) => {
      if (subject.startsWith('troupe.api.master.create.pods.')) tried++;
      return false;
    };
    const failure = () => conditionOf(world.all<ReplicaSet>('replicasets')[0]?.status, 'ReplicaFailure');
    world.until(() => failure() !== undefined);
    const message = expect.stringMatching(
      /^pods "web-\w+-\w{5}" is forbidden: error looking up service account default\/robot: serviceaccount "robot" not found$/,
    ) as string;
    expect(failure()).toMatchObject({ status: 'True', reason: 'FailedCreate', message });
    let seconds = 0;
    world.until(() => seconds++ > 30);
    expect(world.all('pods')).toEqual([]);
    expect([...world.eventReasons]).toContain('FailedCreate');
    expect(tried).toBeLessThan(60);
    world.do('create', 'serviceaccounts', 'default', 'robot', { metadata: { name: 'robot' } });
    world.until(complete(world, 3));
    world.until(() => failure() === undefined);
    expect(world.created('pods')).toHaveLength(3);
    expect(world.diverged()).toEqual([]);
  });

  it('a namespace takes everything in it along', () => {
    const world = new SimWorld(seed);
    world.do('create', 'namespaces', '', 'shop', { metadata: { name: 'shop' } });
    world.until(() => world.all('serviceaccounts').length === 2);
    const deployment = web(3) as Deployment;
    world.do('create', 'deployments', 'shop', 'web', { ...deployment, metadata: { name: 'web', namespace: 'shop' } });
    world.until(complete(world, 3));
    world.do('delete', 'namespaces', '', 'shop');
    world.until(() => world.all('namespaces').length === 1);
    expect([world.all('pods').length, world.all('replicasets').length, world.all('serviceaccounts').length]).toEqual([
      0, 0, 1,
    ]);
  });

  it('orphan: the pods stay, and a new owner adopts them', () => {
    const world = new SimWorld(seed);
    const { spec } = web(3) as Deployment;
    const set = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'web' },
      spec: { ...spec, replicas: 3 },
    };
    world.do('create', 'replicasets', 'default', 'web', set);
    world.until(() => world.all<ReplicaSet>('replicasets')[0]?.status?.availableReplicas === 3);
    world.do('delete', 'replicasets', 'default', 'web', { propagationPolicy: 'Orphan' });
    world.until(() => world.all('replicasets').length === 0);
    expect(world.all<Pod>('pods').map(({ metadata }) => metadata?.ownerReferences ?? [])).toEqual([[], [], []]);
    world.do('create', 'replicasets', 'default', 'web', set);
    world.until(() => world.all<ReplicaSet>('replicasets')[0]?.status?.availableReplicas === 3);
    expect(world.created('pods')).toHaveLength(3);
  });
});

/** As a person does who is told that no answer came: asks again. That it was done already is well. */
function insist(world: SimWorld, ...asked: Parameters<SimWorld['do']>): void {
  for (let untold = false; ; untold = true) {
    try {
      world.do(...asked);
      return;
    } catch (error) {
      const { reason } = (error as StatusError).status;
      if (untold && (reason === 'AlreadyExists' || reason === 'NotFound')) return;
      if (reason !== 'Timeout') throw error;
    }
  }
}

/** An hour and a half: an answer of an engine that is lost is missed after the longest that a pull may take. */
const LATER_TICKS = 10_800;

describe.each([1, 2, 3, 4, 5, 6])('though messages are lost and come twice (seed %i)', (seed) => {
  it('a Deployment lives as it would otherwise, only later', () => {
    const world = new SimWorld(seed, { loses: 0.05, repeats: 0.1 });
    insist(world, 'create', 'deployments', 'default', 'web', web(7));
    world.until(complete(world, 7), LATER_TICKS);
    expect(world.created('pods')).toHaveLength(7);
    insist(world, 'apply', 'deployments', 'default', 'web', web(7, 'web:2'));
    world.until(() => complete(world, 7)() && world.all('pods').length === 7, LATER_TICKS);
    expect(world.created('replicasets')).toHaveLength(2);
    expect(new Set(world.all<Pod>('pods').map(({ spec }) => spec?.containers[0]?.image))).toEqual(new Set(['web:2']));
    insist(world, 'delete', 'deployments', 'default', 'web');
    world.until(() => world.all('replicasets').length === 0 && world.all('pods').length === 0, LATER_TICKS);
    expect(world.diverged()).toEqual([]);
  });
});
