import { describe, expect, it } from 'vitest';
import type { Pod, PodSpec, Volume } from '../../../contracts/kinds/kinds.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import type { PodFolder } from '../../../contracts/runtime/volumes.ts';
import { newState, type PodState, type PresentPod } from '../pods/pod-types.ts';
import { planVolumes } from './plan-volumes.ts';
import { podVolumes, volumesVersion } from './pod-volumes.ts';
import { volumeMounts } from './volume-mounts.ts';

const NOW = 1_000_000;
const node = { name: 'n', ip: '10.0.0.1', runtime: 'docker', cpuMillis: 4000, memoryBytes: 8 << 30 };

const podOf = (volumes: readonly Volume[], more: Partial<PodSpec> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'team', uid: 'u', labels: { b: '2', a: 'x "y"' } },
  spec: { containers: [{ name: 'main', image: 'web:1' }], volumes: [...volumes], ...more },
});
const dispatchedOf = (volumes: readonly Volume[], more: Partial<PodSpec> = {}): DispatchedPod => ({
  pod: podOf(volumes, more),
  configMaps: { 'team/cfg': { data: { ui: 'blue' }, binaryData: { bin: 'AAE=' }, resourceVersion: '5' } },
  secrets: { 'team/sec': '7' },
});

describe('the request', () => {
  const made = (volume: Volume, more: Partial<PodSpec> = {}) => {
    const { config, failures } = podVolumes({ dispatched: dispatchedOf([volume], more), node }, 'v');
    return failures[0] ?? config.volumes[0]?.files?.sources ?? config.volumes[0];
  };
  const fails = (words: string): string => `MountVolume.SetUp failed for volume "v" : ${words}`;
  const token = { path: 'token', expirationSeconds: 3607, audience: 'vault' };

  it.each<{ why: string; volume: Omit<Volume, 'name'>; spec?: Partial<PodSpec>; is: unknown }>([
    {
      why: 'a ConfigMap is a file a key',
      volume: { configMap: { name: 'cfg' } },
      is: [
        { path: 'ui', text: 'blue' },
        { path: 'bin', base64: 'AAE=' },
      ],
    },
    {
      why: 'its items are files where they say',
      volume: { configMap: { name: 'cfg', items: [{ key: 'ui', path: 'a/ui', mode: 0o400 }] } },
      is: [{ path: 'a/ui', text: 'blue', mode: 0o400 }],
    },
    {
      why: 'a ConfigMap must exist',
      volume: { configMap: { name: 'no' } },
      is: fails('configmap "no" not found'),
    },
    { why: 'unless it is optional', volume: { configMap: { name: 'no', optional: true } }, is: [] },
    {
      why: 'its key must exist',
      volume: { configMap: { name: 'cfg', items: [{ key: 'no', path: 'x' }] } },
      is: fails('configmap references non-existent config key: no'),
    },
    {
      why: 'unless it is optional',
      volume: { configMap: { name: 'cfg', optional: true, items: [{ key: 'no', path: 'x' }] } },
      is: [],
    },
    {
      why: 'a Secret is named, not read',
      volume: { secret: { secretName: 'sec', items: [{ key: 'k', path: 'p' }] } },
      is: [{ secret: { namespace: 'team', name: 'sec', optional: false }, items: [{ key: 'k', path: 'p' }] }],
    },
    {
      why: 'labels are lines, sorted and quoted',
      volume: { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      is: [{ path: 'labels', text: 'a="x \\"y\\""\nb="2"' }],
    },
    {
      why: 'a limit of a container, by default that of the node',
      volume: {
        downwardAPI: {
          items: [{ path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' } }],
        },
      },
      is: [{ path: 'cpu', text: '4000' }],
    },
    {
      why: 'a token is named',
      volume: { projected: { sources: [{ serviceAccountToken: token }] } },
      is: [{ token: { namespace: 'team', serviceAccount: 'default', mode: 0o644, ...token } }],
    },
    {
      why: 'only the user of all containers may read it',
      volume: { projected: { sources: [{ serviceAccountToken: token }] } },
      spec: { securityContext: { runAsUser: 1000 }, serviceAccountName: 'bot' },
      is: [{ token: { namespace: 'team', serviceAccount: 'bot', mode: 0o600, ownerUid: 1000, ...token } }],
    },
    {
      why: 'a tmpfs is no larger than the pod may have memory',
      volume: { emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
      spec: { containers: [{ name: 'main', image: 'web:1', resources: { limits: { memory: '64Mi' } } }] },
      is: { name: 'v', emptyDir: { memory: true, sizeLimitBytes: 64 << 20 } },
    },
    {
      why: 'what no node can mount',
      volume: { nfs: { server: 's', path: '/p' } },
      is: fails('no volume plugin matched name: nfs'),
    },
    {
      why: 'and no trust bundles',
      volume: { projected: { sources: [{ clusterTrustBundle: { path: 'ca' } }] } },
      is: fails('clusterTrustBundle sources are not supported'),
    },
  ])('$why', ({ volume, spec, is }) => {
    expect(made({ name: 'v', ...volume }, spec)).toEqual(is);
  });

  it('leaves out what cannot be made, and then has no version', () => {
    const dispatched = dispatchedOf([
      { name: 'a', configMap: { name: 'no' } },
      { name: 'b', emptyDir: {} },
    ]);
    const { config } = podVolumes({ dispatched, node }, 'v');
    expect([config.version, config.volumes.map(({ name }) => name)]).toEqual(['', ['b']]);
  });
});

describe('the version', () => {
  const volumes: Volume[] = [
    { name: 'c', configMap: { name: 'cfg' } },
    { name: 's', secret: { secretName: 'sec' } },
  ];
  const one = dispatchedOf(volumes);
  const downward = (value: string): DispatchedPod => {
    const found = dispatchedOf([
      { name: 'd', downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    ]);
    return { ...found, pod: { ...found.pod, metadata: { ...found.pod.metadata, labels: { a: value } } } };
  };

  it('changes with a ConfigMap, a Secret, and labels that become files', () => {
    const map = { data: { ui: 'red' }, resourceVersion: '6' };
    const all = [
      one,
      { ...one, configMaps: { 'team/cfg': map } },
      { ...one, secrets: { 'team/sec': '8' } },
      downward('x'),
      downward('y'),
    ];
    expect(new Set(all.map(volumesVersion)).size).toBe(all.length);
  });

  it('does not change with what no volume shows', () => {
    const other = { ...one, configMaps: { ...one.configMaps, 'team/other': { resourceVersion: '9' } } };
    expect(volumesVersion(other)).toBe(volumesVersion(one));
    const relabelled = { ...one, pod: { ...one.pod, metadata: { ...one.pod.metadata, labels: {} } } };
    expect(volumesVersion(relabelled)).toBe(volumesVersion(one));
  });
});

describe('the plan', () => {
  const cache: Volume[] = [{ name: 'cache', emptyDir: {} }];
  const broken: Volume[] = [...cache, { name: 'c', configMap: { name: 'no' } }];
  const version = volumesVersion(dispatchedOf(cache)) ?? '';
  const folder = (more: Partial<PodFolder> = {}): PodFolder => ({
    pod: { uid: 'u', namespace: 'team', name: 'web' },
    version,
    ...more,
  });
  const plan = (volumes: readonly Volume[], have?: PodFolder, state: Partial<PodState> = {}) => {
    const input: PresentPod = {
      uid: 'u',
      dispatched: dispatchedOf(volumes),
      level: { sandboxes: [], containers: [], ...(have === undefined ? {} : { folders: [have] }) },
      state: { ...newState(NOW), ...state },
      status: {},
      images: new Map(),
      node,
      now: NOW,
    };
    const { verb, ready, until, failure, notes } = planVolumes(input);
    const asked = verb?.op === 'setUpVolumes' ? verb.body.volumes.map(({ name }) => name).join(' ') : undefined;
    return { asked, ready, until, failures: failure?.failures, notes: notes.map(({ message }) => message) };
  };
  const none = { asked: undefined, until: undefined, failures: undefined, notes: [] };
  const words = 'MountVolume.SetUp failed for volume "c" : configmap "no" not found';

  it.each([
    { why: 'a pod without volumes needs nothing', is: plan([]), told: { ...none, ready: true } },
    { why: 'they are made first', is: plan(cache), told: { ...none, ready: false, asked: 'cache' } },
    { why: 'nothing is asked twice', is: plan(cache, folder()), told: { ...none, ready: true } },
    {
      why: 'other content is made while the pod runs',
      is: plan(cache, folder({ version: 'old' })),
      told: { ...none, ready: true, asked: 'cache' },
    },
    {
      why: 'a token is renewed at its time',
      is: plan(cache, folder({ refreshAt: NOW + 5 })),
      told: { ...none, ready: true, until: NOW + 5 },
    },
    {
      why: 'and not before',
      is: plan(cache, folder({ refreshAt: NOW })),
      told: { ...none, ready: true, asked: 'cache' },
    },
    {
      why: 'a pod that cannot have a volume waits',
      is: plan(broken),
      told: { ...none, ready: false, until: NOW + 500, failures: 1, notes: [words] },
    },
    {
      why: 'one that runs gets the others',
      is: plan(broken, folder({ version: 'old' })),
      told: { ready: true, asked: 'cache', until: NOW + 500, failures: 1, notes: [words] },
    },
  ])('$why', ({ is, told }) => {
    expect(is).toEqual(told);
  });

  it('waits for the back-off of the same volumes alone', () => {
    const failed = volumesVersion(dispatchedOf(broken)) ?? '';
    const failure = { version: failed, reason: 'FailedMount', message: words, failures: 3, at: NOW, until: NOW + 100 };
    const waits = plan(broken, undefined, { volumes: { failure } });
    expect(waits).toEqual({ ...none, ready: false, until: NOW + 100, failures: 3 });
    const other = plan(cache, undefined, { volumes: { failure } });
    expect(other.asked).toBe('cache');
    const due = plan(broken, undefined, { volumes: { failure: { ...failure, until: NOW } } });
    expect([due.failures, due.until]).toEqual([4, NOW + 4000]);
  });
});

it('a container sees given files read-only', () => {
  const volumes: Volume[] = [
    { name: 'cache', emptyDir: {} },
    { name: 'cfg', configMap: { name: 'cfg' } },
  ];
  const container = {
    name: 'main',
    image: 'web:1',
    volumeMounts: [
      { name: 'cache', mountPath: 'data', subPathExpr: '$(POD)', mountPropagation: 'HostToContainer' },
      { name: 'cfg', mountPath: '/cfg', subPath: 'ui' },
      { name: 'cache', mountPath: '/ro', readOnly: true, recursiveReadOnly: 'Enabled' },
    ],
  };
  expect(volumeMounts({ containers: [container], volumes }, container)).toEqual([
    { volume: 'cache', mountPath: '/data', subPathExpr: '$(POD)', propagation: 'HostToContainer' },
    { volume: 'cfg', mountPath: '/cfg', subPath: 'ui', readOnly: true },
    { volume: 'cache', mountPath: '/ro', readOnly: true, recursiveReadOnly: true },
  ]);
});
