import { describe, expect, it } from 'vitest';
import type { Container, EnvVar, Pod } from '../../../contracts/kinds/kinds.ts';
import { qosClass } from '../../../contracts/kinds/pod/qos-class.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import { containerConfig, pullPolicy, sandboxConfig, specHash } from './container-config.ts';
import { containerEnv } from './container-env.ts';

const node = { name: 'a', ip: '192.168.0.1', runtime: 'docker', cpuMillis: 2000, memoryBytes: 4 * 2 ** 30 };
const facts = { podIp: '10.0.0.7', node };
const resources = { limits: { cpu: '1500m', memory: '64Mi' }, requests: { cpu: '250m' } };
const web: Container = { name: 'web', image: 'web:1', resources };
const pod: Pod = {
  metadata: {
    uid: 'u',
    namespace: 'd',
    name: 'p',
    labels: { 'app.kubernetes.io/name': 'x' },
    annotations: { note: 'n' },
  },
  spec: { nodeName: 'a', serviceAccountName: 'robot', containers: [web, { name: 'plain' }] },
};
const dispatched: DispatchedPod = {
  pod,
  configMaps: { 'd/conf': { data: { b: '2', a: '$(1)' }, resourceVersion: '1' } },
  secrets: { 'd/hidden': '2' },
};
const env = (entry: EnvVar) => containerEnv(dispatched, { ...web, env: [entry] }, facts);
const field = (fieldPath: string): EnvVar => ({ name: 'A', valueFrom: { fieldRef: { fieldPath } } });
const resource = (name: string, more = {}): EnvVar => ({
  name: 'A',
  valueFrom: { resourceFieldRef: { resource: name, ...more } },
});

describe('containerEnv', () => {
  it.each([
    ['metadata.name', 'p'],
    ['metadata.namespace', 'd'],
    ['metadata.uid', 'u'],
    [`metadata.labels['app.kubernetes.io/name']`, 'x'],
    [`metadata.annotations['note']`, 'n'],
    [`metadata.annotations['absent']`, ''],
    ['spec.nodeName', 'a'],
    ['spec.serviceAccountName', 'robot'],
    ['status.podIP', '10.0.0.7'],
    ['status.hostIP', '192.168.0.1'],
  ])('%s', (path, value) => expect(env(field(path))).toEqual([{ name: 'A', value, literal: true }]));

  it.each([
    ['limits.cpu', {}, '2'],
    ['limits.cpu', { divisor: '1m' }, '1500'],
    ['requests.cpu', { divisor: '1m' }, '250'],
    ['limits.memory', { divisor: '1Mi' }, '64'],
    ['requests.memory', {}, String(64 * 2 ** 20)],
    ['limits.cpu', { containerName: 'plain' }, '2'],
    ['limits.memory', { containerName: 'plain', divisor: '1Gi' }, '4'],
  ])('%s %o', (name, more, value) => {
    expect(env(resource(name, more))).toEqual([{ name: 'A', value, literal: true }]);
  });

  it.each<[string, EnvVar, object]>([
    ['a plain value stays to be expanded', { name: 'A', value: '$(B)' }, [{ name: 'A', value: '$(B)' }]],
    ['no value is an empty one', { name: 'A' }, [{ name: 'A', value: '' }]],
    [
      'a key of a ConfigMap, as it is',
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'a' } } },
      [{ name: 'A', value: '$(1)', literal: true }],
    ],
    [
      'a key of a Secret, by name',
      { name: 'A', valueFrom: { secretKeyRef: { name: 'hidden', key: 'k' } } },
      [{ name: 'A', secretKeyRef: { namespace: 'd', name: 'hidden', key: 'k', optional: false } }],
    ],
    [
      'a missing ConfigMap',
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'no', key: 'k' } } },
      { error: 'configmap "no" not found' },
    ],
    [
      'a missing key',
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'no' } } },
      { error: `couldn't find key no in ConfigMap d/conf` },
    ],
    [
      'a key that every object seems to have',
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'constructor' } } },
      { error: `couldn't find key constructor in ConfigMap d/conf` },
    ],
    ['an optional key', { name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'no', optional: true } } }, []],
    [
      'a missing Secret',
      { name: 'A', valueFrom: { secretKeyRef: { name: 'no', key: 'k' } } },
      { error: 'secret "no" not found' },
    ],
    ['an unknown field', field('status.phase'), { error: 'unsupported fieldPath: status.phase' }],
    ['a field of nothing', field('constructor'), { error: 'unsupported fieldPath: constructor' }],
  ])('%s', (_, entry, found) => expect(env(entry)).toEqual(found));

  it('puts envFrom before env', () => {
    const envFrom = [{ configMapRef: { name: 'conf' }, prefix: 'P_' }, { secretRef: { name: 'hidden' } }];
    expect(containerEnv(dispatched, { ...web, envFrom, env: [{ name: 'Z', value: '' }] }, facts)).toEqual([
      { name: 'P_a', value: '$(1)', literal: true },
      { name: 'P_b', value: '2', literal: true },
      { secretRef: { namespace: 'd', name: 'hidden', optional: false } },
      { name: 'Z', value: '' },
    ]);
  });
});

it('stops where an environment is larger than any can be', () => {
  const big = { ...dispatched, configMaps: { 'd/big': { data: { a: 'x'.repeat(900_000) }, resourceVersion: '1' } } };
  const envFrom = (times: number) => Array.from({ length: times }, () => ({ configMapRef: { name: 'big' } }));
  expect(containerEnv(big, { ...web, envFrom: envFrom(4) }, facts)).toHaveLength(4);
  expect(containerEnv(big, { ...web, envFrom: envFrom(20_000) }, facts)).toEqual({
    error: 'the environment comes to more than 4 MiB; refer to less',
  });
});

it('says of a ConfigMap that was too much for a message that it is there, optional or not', () => {
  const lacking = { ...dispatched, leftOut: ['d/big'] };
  const ref = { name: 'big', optional: true };
  const error = `configmap "big": the pod's ConfigMaps are too large together; refer to fewer or smaller ones`;
  for (const more of [
    { envFrom: [{ configMapRef: ref }] },
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { ...ref, key: 'k' } } }] },
  ])
    expect(containerEnv(lacking, { ...web, ...more }, facts)).toEqual({ error });
});

describe('containerConfig', () => {
  it('carries what the runtime needs', () => {
    const container = { ...web, command: ['sh'], args: ['-c', 'echo $(A)'], workingDir: '/w' };
    expect(containerConfig(dispatched, container, { sandboxId: 's', attempt: 2, imageId: 'sha256:1', facts })).toEqual({
      pod: { uid: 'u', namespace: 'd', name: 'p' },
      sandboxId: 's',
      name: 'web',
      attempt: 2,
      specHash: specHash(web),
      image: 'sha256:1',
      imageName: 'web:1',
      command: ['sh'],
      args: ['-c', 'echo $(A)'],
      workingDir: '/w',
      resources: { cpuRequestMillis: 250, cpuLimitMillis: 1500, memoryLimitBytes: 64 * 2 ** 20 },
    });
  });

  it('counts no further than a message can', () => {
    const limits = { cpu: '1E', memory: '1Ei' };
    const at = { sandboxId: 's', attempt: 0, imageId: 'sha256:1', facts };
    const most = Number.MAX_SAFE_INTEGER;
    expect(containerConfig(dispatched, { ...web, resources: { limits } }, at)).toMatchObject({
      resources: { cpuRequestMillis: most, cpuLimitMillis: most, memoryLimitBytes: most },
    });
  });

  it('gives the ports of all containers to the sandbox', () => {
    const ports = [
      { containerPort: 80, hostPort: 8080 },
      { containerPort: 90, hostPort: 0 },
      { containerPort: 53, protocol: 'UDP' },
    ];
    expect(sandboxConfig({ ...pod, spec: { containers: [{ ...web, ports }] } }, 1)).toEqual({
      pod: { uid: 'u', namespace: 'd', name: 'p' },
      attempt: 1,
      hostname: 'p',
      ports: [
        { containerPort: 80, hostPort: 8080, protocol: 'TCP' },
        { containerPort: 90, protocol: 'TCP' },
        { containerPort: 53, protocol: 'UDP' },
      ],
    });
  });
});

it.each([
  ['web', 'Always'],
  ['web:latest', 'Always'],
  ['reg:5000/web', 'Always'],
  ['reg:5000/web:1', 'IfNotPresent'],
  ['web@sha256:1', 'IfNotPresent'],
])('%s is pulled %s', (image, policy) => expect(pullPolicy({ name: 'web', image })).toBe(policy));

it.each([
  ['BestEffort', {}],
  ['Burstable', resources],
  ['Burstable', { requests: { cpu: '1' } }],
  ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' } }],
  ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } }],
])('%s for %o', (qos, given) => {
  expect(qosClass({ containers: [{ name: 'c', resources: given }] })).toBe(qos);
});
