import { expect, it } from 'vitest';
import type { KubeObject, PodSpec } from '../kinds.ts';
import { typeNode } from '../schema.ts';
import { notActedUpon, unmetOfPod, warningsOf } from './not-acted-upon.ts';

const spec = (more: Partial<PodSpec>): PodSpec => ({ containers: [{ name: 'main', image: 'web:1' }], ...more });
const paths = (more: Partial<PodSpec>): string[] => unmetOfPod(spec(more)).map(({ path }) => path);

it('what a pod asks for in vain is named by its path', () => {
  expect(
    paths({
      volumes: [
        { name: 'cache', emptyDir: {} },
        { name: 'share', nfs: { server: 's', path: '/p' } },
        { name: 'trust', projected: { sources: [{ clusterTrustBundle: { path: 'ca.crt' } }] } },
      ],
      hostUsers: false,
      runtimeClassName: 'gvisor',
      priorityClassName: 'high',
      securityContext: { runAsNonRoot: true, supplementalGroupsPolicy: 'Strict' },
      affinity: { podAntiAffinity: {}, podAffinity: {}, nodeAffinity: {} },
      dnsPolicy: 'ClusterFirstWithHostNet',
      os: { name: 'windows' },
      initContainers: [{ name: 'init', image: 'web:1', lifecycle: { preStop: {} } }],
      containers: [
        { name: 'a', image: 'web:1' },
        {
          name: 'b',
          image: 'web:1',
          securityContext: { runAsUser: 1000, seLinuxOptions: { level: 's0' } },
          terminationMessagePath: '/tmp/last-words',
          terminationMessagePolicy: 'FallbackToLogsOnError',
          restartPolicyRules: [{ action: 'Restart' }],
          env: [{ name: 'A', valueFrom: { fileKeyRef: { key: 'k', path: 'p', volumeName: 'v' } } }],
        },
      ],
    }),
  ).toEqual([
    'affinity.podAffinity',
    'affinity.podAntiAffinity',
    'dnsPolicy',
    'hostUsers',
    'os',
    'priorityClassName',
    'runtimeClassName',
    'securityContext.supplementalGroupsPolicy',
    'volumes[1].nfs',
    'volumes[2].projected.sources[0].clusterTrustBundle',
    'initContainers[0].lifecycle',
    'containers[1].env[0].valueFrom.fileKeyRef',
    'containers[1].restartPolicyRules',
    'containers[1].terminationMessagePath',
    'containers[1].terminationMessagePolicy',
    'containers[1].securityContext.seLinuxOptions',
  ]);
});

it('nothing is said of defaults, of what is empty, and of what changes nothing', () => {
  expect(
    paths({
      securityContext: {},
      volumes: [],
      imagePullSecrets: [],
      topologySpreadConstraints: [],
      resources: { limits: {} },
      hostIPC: false,
      hostUsers: true,
      shareProcessNamespace: false,
      automountServiceAccountToken: false,
      os: { name: 'linux' },
      dnsPolicy: 'ClusterFirst',
      containers: [
        {
          name: 'main',
          image: 'web:1',
          securityContext: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        },
      ],
    }),
  ).toEqual([]);
});

const object = (more: object): KubeObject => more as KubeObject;
it.each([
  { what: object({ kind: 'Pod', spec: spec({ hostUsers: false }) }), told: ['spec.hostUsers'] },
  {
    what: object({ kind: 'Deployment', spec: { template: { spec: spec({ hostUsers: false }) } } }),
    told: ['spec.template.spec.hostUsers'],
  },
  {
    what: object({ kind: 'ReplicaSet', spec: { template: { spec: spec({ hostUsers: false }) } } }),
    told: ['spec.template.spec.hostUsers'],
  },
  { what: object({ kind: 'ServiceAccount', imagePullSecrets: [{ name: 'x' }] }), told: ['imagePullSecrets'] },
  { what: object({ kind: 'Secret', type: 'kubernetes.io/service-account-token' }), told: ['type'] },
  { what: object({ kind: 'Secret', type: 'Opaque' }), told: [] },
  {
    what: object({
      kind: 'Namespace',
      metadata: {
        labels: {
          'pod-security.kubernetes.io/warn': 'restricted',
          'pod-security.kubernetes.io/enforce': 'restricted',
          team: 'a',
        },
      },
    }),
    told: ['metadata.labels[pod-security.kubernetes.io/warn]'],
  },
  { what: object({ kind: 'ConfigMap', data: {} }), told: [] },
])('of a $what.kind it tells $told', ({ what, told }) => {
  expect(notActedUpon(what).map(({ path }) => path)).toEqual(told);
});

it('is total: what a manifest has in the wrong shape is for the api-server to refuse', () => {
  const odd = [undefined, null, 0, 'x', [], [null], [1], {}, { volumes: 1, affinity: [], os: 'x' }];
  for (const value of odd) {
    expect(() => notActedUpon(object({ kind: 'Pod', spec: value }))).not.toThrow();
    expect(() => notActedUpon(object({ kind: 'Deployment', spec: { template: value } }))).not.toThrow();
    expect(() => notActedUpon(object({ kind: 'Pod', spec: { containers: value, affinity: value } }))).not.toThrow();
    expect(() => notActedUpon(object({ kind: 'Pod', spec: { containers: [{ env: value }] } }))).not.toThrow();
    expect(() => notActedUpon(object({ kind: 'Namespace', metadata: value }))).not.toThrow();
  }
});

it('is told in at most 21 lines', () => {
  const hooked = (count: number) =>
    object({
      kind: 'Pod',
      spec: { containers: Array.from({ length: count }, () => ({ lifecycle: { preStop: {} } })) },
    });
  expect(warningsOf(hooked(1))).toEqual([
    'spec.containers[0].lifecycle is not acted upon yet: no hook runs, and its image says which signal stops it',
  ]);
  expect(warningsOf(hooked(20))).toHaveLength(20);
  expect(warningsOf(hooked(23)).slice(19)).toEqual([
    'spec.containers[19].lifecycle is not acted upon yet: no hook runs, and its image says which signal stops it',
    '3 more fields are not acted upon yet',
  ]);
});

/** Fields that some actor acts upon, or that ask for nothing beyond what is so anyway. */
const ACTED_UPON = {
  PodSpec:
    'activeDeadlineSeconds affinity containers dnsConfig enableServiceLinks ephemeralContainers hostIPC hostNetwork hostPID hostname initContainers nodeName ' +
    'nodeSelector overhead preemptionPolicy priority readinessGates restartPolicy schedulerName schedulingGates serviceAccount serviceAccountName securityContext shareProcessNamespace ' +
    'terminationGracePeriodSeconds tolerations volumes',
  Affinity: 'nodeAffinity',
  Container:
    'args command env envFrom image imagePullPolicy livenessProbe name ports readinessProbe resizePolicy resources restartPolicy securityContext startupProbe stdin stdinOnce tty volumeDevices volumeMounts workingDir',
  EnvVarSource: 'configMapKeyRef fieldRef resourceFieldRef secretKeyRef',
};
it.each(Object.entries(ACTED_UPON))('of each field of a %s it is known whether it is acted upon', (type, acted) => {
  // Asks for everything at once, each field in the first shape that counts as asked for.
  const values = [true, false, 'x', { name: 'x', limits: { cpu: 1 }, preStop: {} }, ['x']];
  const unknown = [...typeNode(type).fields.keys()].filter((field) => {
    if (acted.split(' ').includes(field)) return false;
    return !values.some((value) => {
      const fields = { [field]: value };
      const spec =
        type === 'PodSpec'
          ? fields
          : type === 'Affinity'
            ? { affinity: fields }
            : { containers: [type === 'Container' ? fields : { env: [{ valueFrom: fields }] }] };
      return unmetOfPod(spec as unknown as PodSpec).length > 0;
    });
  });
  expect(unknown).toEqual([]);
});
