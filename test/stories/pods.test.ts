import { expect, it, vi } from 'vitest';
import type { ContainerStatus, Event, Pod } from '../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../contracts/kinds/meta/conditions.ts';
import { summarizePod } from '../../contracts/kinds/pod/columns.ts';
import type { Client } from '../../ops/client/client.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';
import { deploymentManifest, eventsAbout, nameOf, podRuns, podsOf, podWhen, settled } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

const WITHIN_MS = 20_000;
const at = (name: string) => ({ namespace: 'default', name });
const podNamed = (name: string, spec: object) => ({ metadata: { name }, spec });

const container = (pod: Pod, name = 'main'): ContainerStatus | undefined =>
  pod.status?.containerStatuses?.find((each) => each.name === name);
const waitsFor = (reason: string) => (pod: Pod) => container(pod)?.state?.waiting?.reason === reason;
const condition = (pod: Pod, type: string) => conditionOf(pod.status, type);
const isTold = (client: Client, name: string, fits: (event: Event) => boolean) =>
  waitUntil(`an event about ${name}`, WITHIN_MS, async () => (await eventsAbout(client, name)).find(fits));

/*
 * Goal: an image that can't be had is told of by name, holds up its own rollout alone, and a better one ends it.
 * Method: a Deployment that runs gets an image that no registry has, and then another.
 */
it.concurrent(
  'a bad image ends in ImagePullBackOff, keeps what ran running, and a good one recovers',
  onCluster({ runtime: { images: { typo: { pull: { fails: 'manifest unknown' } } } } }, async ({ client }) => {
    const web = { name: 'web', replicas: 2, image: 'good', graceSeconds: 0 };
    await client.applyManifest('default', deploymentManifest(web));
    const before = await settled(client, web);
    await client.applyManifest('default', deploymentManifest({ ...web, image: 'typo' }));
    const bad = await waitUntil('a pod backs off', WITHIN_MS, async () =>
      (await podsOf(client, 'web')).find(waitsFor('ImagePullBackOff')),
    );
    expect(bad.status?.phase).toBe('Pending');
    expect(container(bad)?.state?.waiting?.message).toMatch(/^Back-off pulling image "typo"/);
    const event = await isTold(
      client,
      nameOf(bad),
      ({ message }) => message?.startsWith('Failed to pull image "typo"') === true,
    );
    expect(event).toMatchObject({
      type: 'Warning',
      reason: 'Failed',
      message: expect.stringMatching(/manifest unknown/),
    });
    await isTold(
      client,
      nameOf(bad),
      ({ reason, message }) => reason === 'BackOff' && message === 'Back-off pulling image "typo"',
    );
    const still = (await podsOf(client, 'web')).filter((pod) =>
      before.some(({ metadata }) => metadata?.uid === pod.metadata?.uid),
    );
    expect(still.map((pod) => condition(pod, 'Ready')?.status)).toEqual(['True', 'True']);

    await client.applyManifest('default', deploymentManifest({ ...web, image: 'better' }));
    await settled(client, { ...web, image: 'better' });
    // A pod of its own may be corrected in place.
    await client.create('pods', 'default', podNamed('alone', { containers: [{ name: 'main', image: 'typo' }] }));
    await podWhen(
      client,
      'alone',
      'fails to pull',
      (pod) =>
        container(pod)?.state?.waiting !== undefined && container(pod)?.state?.waiting?.reason !== 'ContainerCreating',
    );
    await client.patch('pods', at('alone'), [{ op: 'replace', path: '/spec/containers/0/image', value: 'good' }]);
    expect(container(await podRuns(client, 'alone'))?.image).toBe('good');
    await client.create(
      'pods',
      'default',
      podNamed('never', { containers: [{ name: 'main', image: 'absent', imagePullPolicy: 'Never' }] }),
    );
    await podWhen(client, 'never', 'is told so', waitsFor('ErrImageNeverPull'));
  }),
);

/*
 * Goal: a container that ends is started again, later each time; a pod that is to end once ends.
 * Method: crash schedules of simulated images under each restart policy.
 */
it.concurrent(
  'a container that keeps failing backs off; one that is to end once has its phase',
  onCluster(
    {
      runtime: {
        images: {
          bad: { run: { exitCode: 3, exitAfterMs: 5 } },
          mended: { run: [{ exitCode: 1, exitAfterMs: 5 }, {}] },
          done: { run: { exitCode: 0, exitAfterMs: 5 } },
          oom: { run: { exitAfterMs: 5, exitCode: 137, oomKilled: true } },
        },
      },
    },
    async ({ client }) => {
      const create = (name: string, image: string, more: object = {}) =>
        client.create('pods', 'default', podNamed(name, { containers: [{ name: 'main', image }], ...more }));
      await create('bad', 'bad');
      await create('mended', 'mended');
      await create('done', 'done', { restartPolicy: 'OnFailure' });
      await create('failed', 'bad', { restartPolicy: 'Never' });
      await create('oom', 'oom', { restartPolicy: 'Never' });
      const bad = await podWhen(client, 'bad', 'backs off', waitsFor('CrashLoopBackOff'));
      expect(bad.status?.phase).toBe('Running');
      expect(container(bad)).toMatchObject({
        ready: false,
        restartCount: 1,
        lastState: { terminated: { exitCode: 3, reason: 'Error' } },
      });
      expect(container(bad)?.state?.waiting?.message).toMatch(
        /^back-off 10s restarting failed container=main pod=bad_default\(/,
      );
      expect(condition(bad, 'Ready')).toMatchObject({
        status: 'False',
        reason: 'ContainersNotReady',
        message: expect.stringMatching(/\[main\]/),
      });
      await isTold(client, 'bad', ({ type, reason }) => type === 'Warning' && reason === 'BackOff');

      const mended = await podWhen(
        client,
        'mended',
        'is mended',
        (pod) => container(pod)?.ready === true && container(pod)?.restartCount === 1,
      );
      expect(container(mended)?.lastState?.terminated?.exitCode).toBe(1);
      const done = await podWhen(client, 'done', 'is done', ({ status }) => status?.phase === 'Succeeded');
      expect([container(done)?.restartCount, container(done)?.state?.terminated?.reason]).toEqual([0, 'Completed']);
      expect(condition(done, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
      const failed = await podWhen(client, 'failed', 'has failed', ({ status }) => status?.phase === 'Failed');
      expect(container(failed)).toMatchObject({
        restartCount: 0,
        state: { terminated: { exitCode: 3, reason: 'Error' } },
      });
      const oom = await podWhen(client, 'oom', 'has failed', ({ status }) => status?.phase === 'Failed');
      expect(container(oom)?.state?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
    },
  ),
);

/*
 * Goal: init containers run one after the other, each until it succeeds, before any other container starts.
 * Method: what the simulated engine started, in its order; one that fails once, one that fails for good.
 */
it.concurrent(
  'init containers run in order, are tried again, and one that fails for good fails the pod',
  onCluster(
    {
      runtime: {
        images: {
          step: { run: { exitAfterMs: 5 } },
          shaky: { run: [{ exitCode: 1, exitAfterMs: 5 }, { exitAfterMs: 5 }] },
          bad: { run: { exitCode: 1, exitAfterMs: 5 } },
          held: { pull: { fails: 'no such image' } },
        },
      },
    },
    async ({ client, engine }) => {
      const init = (name: string, image: string) => ({ name, image });
      const main = [{ name: 'main', image: 'app' }];
      await client.create(
        'pods',
        'default',
        podNamed('good', {
          initContainers: [init('one', 'step'), init('two', 'shaky'), init('three', 'step')],
          containers: main,
        }),
      );
      const good = await podRuns(client, 'good');
      const inits = good.status?.initContainerStatuses ?? [];
      expect(
        inits.map(({ name, ready, restartCount, state }) => [name, ready, restartCount, state?.terminated?.reason]),
      ).toEqual([
        ['one', true, 0, 'Completed'],
        ['two', true, 1, 'Completed'],
        ['three', true, 0, 'Completed'],
      ]);
      expect(condition(good, 'Initialized')?.status).toBe('True');
      const started = [...engine.node('n1').containers.values()]
        .map(({ status }) => status)
        .filter(({ pod }) => pod.name === 'good')
        .sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
      expect(started.at(-1)?.name).toBe('main');
      expect(Math.max(...started.slice(0, -1).map(({ finishedAt = 0 }) => finishedAt))).toBeLessThanOrEqual(
        started.at(-1)?.startedAt ?? 0,
      );

      await client.create(
        'pods',
        'default',
        podNamed('failing', { restartPolicy: 'Never', initContainers: [init('one', 'bad')], containers: main }),
      );
      const failing = await podWhen(client, 'failing', 'fails', ({ status }) => status?.phase === 'Failed');
      expect(container(failing)?.state?.terminated).toBeUndefined();
      expect(container(failing)?.state?.waiting?.reason).toBe('PodInitializing');
      await client.create(
        'pods',
        'default',
        podNamed('held', { initContainers: [init('one', 'held')], containers: main }),
      );
      const held = await podWhen(
        client,
        'held',
        'is held',
        ({ status }) => status?.initContainerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff',
      );
      expect([held.status?.phase, container(held)?.state?.waiting?.reason]).toEqual(['Pending', 'PodInitializing']);
      expect(condition(held, 'Initialized')).toMatchObject({
        status: 'False',
        reason: 'ContainersNotInitialized',
        message: expect.stringMatching(/\[one\]/),
      });
    },
  ),
);

/*
 * Goal: a pod that fits nowhere says why, by number of nodes and reason, and is placed when there is room.
 * Method: three nodes, each unfit for a reason of its own; then room in each of the ways in which it can appear.
 */
it.concurrent(
  'a pod that fits nowhere tells why, and is scheduled when room appears',
  onCluster({ nodes: ['n1', 'n2', 'n3'], runtime: { cpuMillis: 2000 } }, async (cluster) => {
    const { client } = cluster;
    const wants = (cpu: string, more: object = {}) => ({
      containers: [{ name: 'main', image: 'app', resources: { requests: { cpu } } }],
      ...more,
    });
    await client.patch('nodes', { name: 'n1' }, { spec: { unschedulable: true } });
    await client.patch(
      'nodes',
      { name: 'n2' },
      { spec: { taints: [{ key: 'for', value: 'others', effect: 'NoSchedule' }] } },
    );
    await client.create('pods', 'default', podNamed('first', wants('1500m')));
    expect((await podRuns(client, 'first')).spec?.nodeName).toBe('n3');
    await client.create('pods', 'default', podNamed('second', wants('1')));
    const reasons =
      '0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {for: others}, 1 node(s) were unschedulable.';
    const told = await isTold(client, 'second', ({ reason }) => reason === 'FailedScheduling');
    expect(told).toMatchObject({ type: 'Warning', message: reasons });
    const waiting = await podWhen(client, 'second', 'says so', (pod) => condition(pod, 'PodScheduled') !== undefined);
    expect(condition(waiting, 'PodScheduled')).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message: reasons,
    });
    expect(waiting.status?.phase).toBe('Pending');
    const choosy = { nodeSelector: { disk: 'ssd' } };
    await client.create('pods', 'default', podNamed('choosy', wants('1', choosy)));
    await isTold(
      client,
      'choosy',
      ({ message }) => message?.includes("didn't match Pod's node affinity/selector") === true,
    );

    await client.delete('pods', at('first'), { gracePeriodSeconds: 0 });
    expect((await podRuns(client, 'second')).spec?.nodeName).toBe('n3');
    await client.patch(
      'nodes',
      { name: 'n1' },
      { metadata: { labels: { disk: 'ssd' } }, spec: { unschedulable: null } },
    );
    expect((await podRuns(client, 'choosy')).spec?.nodeName).toBe('n1');
    await client.create('pods', 'default', podNamed('third', wants('1500m')));
    await isTold(
      client,
      'third',
      ({ message }) =>
        message?.startsWith(
          '0/3 nodes are available: 1 node(s) had untolerated taint {for: others}, 2 Insufficient cpu',
        ) === true,
    );
    await client.patch('nodes', { name: 'n2' }, { spec: { taints: null } });
    const third = await podRuns(client, 'third');
    expect([third.spec?.nodeName, condition(third, 'PodScheduled')?.status]).toEqual(['n2', 'True']);
    // Smaller than it asked at first: what it wants is looked at anew.
    await client.create(
      'pods',
      'default',
      podNamed('gated', { ...wants('100m'), schedulingGates: [{ name: 'example.com/wait' }] }),
    );
    const gated = await client.get<Pod>('pods', at('gated'));
    expect(gated.spec?.nodeName).toBeUndefined();
    await client.patch('pods', at('gated'), { spec: { schedulingGates: null } });
    await podRuns(client, 'gated');
  }),
);

/*
 * Goal: a container's environment is what ConfigMaps, Secrets and its pod say; what is missing is named, and waited for.
 * Method: what the simulated program saw; references that point nowhere until they do.
 */
it.concurrent('an environment comes from ConfigMaps and Secrets, and what is missing is waited for by name', async () => {
  const seen = new Map<string, Readonly<Record<string, string>>>();
  const run = (argv: readonly string[], env: Readonly<Record<string, string>>) => {
    seen.set(argv[0] ?? '', env);
    return {};
  };
  await onCluster({ runtime: { images: { app: { run } } } }, async ({ client }) => {
    const create = (name: string, more: object) =>
      client.create(
        'pods',
        'default',
        podNamed(name, { containers: [{ name: 'main', image: 'app', command: [name], ...more }] }),
      );
    await client.create('configmaps', 'default', {
      metadata: { name: 'settings' },
      data: { COLOUR: 'blue', LEVEL: '1', 'not.a-variable': 'x' },
    });
    await client.create('secrets', 'default', {
      metadata: { name: 'keys' },
      stringData: { TOKEN: 's3cret', LEVEL: '2' },
    });
    await create('full', {
      envFrom: [
        { configMapRef: { name: 'settings' } },
        { prefix: 'KEY_', secretRef: { name: 'keys' } },
        { secretRef: { name: 'keys' } },
        { configMapRef: { name: 'absent', optional: true } },
      ],
      env: [
        { name: 'COLOUR', value: 'red' },
        { name: 'GREETING', value: 'it is $(COLOUR), $(KEY_TOKEN) and $$(COLOUR) $(NOBODY)' },
        { name: 'ONE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'LEVEL' } } },
        { name: 'TWO', valueFrom: { secretKeyRef: { name: 'keys', key: 'LEVEL' } } },
        { name: 'NONE', valueFrom: { secretKeyRef: { name: 'keys', key: 'absent', optional: true } } },
        { name: 'ME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      ],
    });
    await podRuns(client, 'full');
    const env = seen.get('full') ?? {};
    expect(env).toMatchObject({
      COLOUR: 'red',
      LEVEL: '2',
      KEY_TOKEN: 's3cret',
      KEY_LEVEL: '2',
      TOKEN: 's3cret',
      GREETING: 'it is red, s3cret and $(COLOUR) $(NOBODY)',
      ONE: '1',
      TWO: '2',
      ME: 'full',
      NODE: 'n1',
    });
    expect(env).not.toHaveProperty('NONE');

    const missing = [
      {
        name: 'no-map',
        container: { envFrom: [{ configMapRef: { name: 'late-map' } }] },
        message: 'configmap "late-map" not found',
      },
      {
        name: 'no-key',
        container: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'LATE' } } }] },
        message: "couldn't find key LATE in ConfigMap default/settings",
      },
      {
        name: 'no-secret',
        container: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'late-secret', key: 'a' } } }] },
        message: 'secret "late-secret" not found',
      },
      {
        name: 'no-secret-key',
        container: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'LATE' } } }] },
        message: "couldn't find key LATE in Secret default/keys",
      },
    ];
    for (const { name, container: more } of missing) await create(name, more);
    for (const { name, message } of missing) {
      const pod = await podWhen(client, name, 'waits', waitsFor('CreateContainerConfigError'));
      expect([pod.status?.phase, container(pod)?.state?.waiting?.message]).toEqual(['Pending', message]);
      await isTold(client, name, (event) => event.type === 'Warning' && event.message === `Error: ${message}`);
    }
    await client.create('configmaps', 'default', { metadata: { name: 'late-map' }, data: { A: 'map' } });
    await client.create('secrets', 'default', { metadata: { name: 'late-secret' }, stringData: { a: 'secret' } });
    await client.patch('configmaps', at('settings'), { data: { LATE: 'key' } });
    await client.patch('secrets', at('keys'), { stringData: { LATE: 'secret key' } });
    for (const { name } of missing) await podRuns(client, name);
    expect(missing.map(({ name }) => seen.get(name)?.['A'])).toEqual(['map', 'key', 'secret', 'secret key']);
  })();
});

/*
 * Goal: a pod whose main container has ended shows that at once, not after the grace period of its sidecar.
 * Method: a sidecar ignores SIGTERM, so that it is killed only after five seconds.
 */
it.concurrent(
  'a pod whose main container has ended is shown 1/2 Completed while its sidecar is being stopped, then Succeeded',
  onCluster(
    { runtime: { images: { job: { run: { exitAfterMs: 500 } }, proxy: { run: { ignoresTerm: true } } } } },
    async ({ client }) => {
      const spec = {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 5,
        initContainers: [{ name: 'side', image: 'proxy', restartPolicy: 'Always' }],
        containers: [{ name: 'main', image: 'job' }],
      };
      await client.create('pods', 'default', podNamed('job', spec));
      const stopping = await podWhen(
        client,
        'job',
        'has a main container that ended',
        (pod) => container(pod)?.state?.terminated !== undefined,
      );
      expect(summarizePod(stopping)).toMatchObject({ status: 'Completed', ready: 1, total: 2 });
      expect(stopping.status?.phase).toBe('Running');
      expect(condition(stopping, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
      const ended = await podWhen(client, 'job', 'has succeeded', ({ status }) => status?.phase === 'Succeeded');
      expect(summarizePod(ended)).toMatchObject({ status: 'Completed', ready: 0, total: 2 });
    },
  ),
);
