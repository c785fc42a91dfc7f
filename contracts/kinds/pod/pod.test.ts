import { describe, expect, it } from 'vitest';
import { admit } from '../admit.ts';
import type { Container, Pod, PodSpec } from '../kinds.ts';
import { imageTag } from '../pod-template/defaults.ts';
import { podKind } from './pod.ts';
import { qosClass } from './qos-class.ts';

const A = { name: 'a', image: 'x:1' };
const spec = (more: object): object => ({ containers: [A], ...more });
const container = (more: object): object => ({ containers: [{ ...A, ...more }] });

function create(podSpec: object): { readonly pod?: Pod; readonly told: readonly string[] } {
  const input = { metadata: { name: 'web', namespace: 'default' }, spec: podSpec };
  const { object, status } = admit(podKind, input, { operation: 'create' });
  const causes = status?.details?.causes ?? [];
  return {
    ...(object === undefined ? {} : { pod: object }),
    told: causes.map(({ field, message }) => `${field}: ${message}`),
  };
}
function update(before: object, after: (old: PodSpec) => object): readonly string[] {
  const { pod } = create(before);
  if (pod?.spec === undefined) throw new Error('the pod before must be fine');
  const { status } = admit(podKind, { ...pod, spec: after(pod.spec) }, { operation: 'update', old: pod });
  return (status?.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
}

const NODE_TERM = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]';
const FIELD_REF = 'spec.containers[0].env[0].valueFrom.fieldRef';
const RESOURCE_REF = 'spec.containers[0].env[0].valueFrom.resourceFieldRef';
const FILE = 'spec.volumes[0].downwardAPI.items[0]';
const ENV_FIELDS =
  '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"';
const fieldRef = (fieldPath: string, apiVersion?: string) =>
  container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath, ...(apiVersion && { apiVersion }) } } }] });
const resourceFieldRef = (of: object) => container({ env: [{ name: 'A', valueFrom: { resourceFieldRef: of } }] });
const downward = (file: object) => spec({ volumes: [{ name: 'v', downwardAPI: { items: [file] } }] });
const onNodes = (matchFields: object[]) =>
  spec({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
    },
  });

const COST = 'controller.kubernetes.io/pod-deletion-cost';
it.each(['x', '', '+1', '007', '1.5', '2147483648', '1e3'])('a deletion cost of %j is refused', (cost) => {
  const input = { metadata: { name: 'web', namespace: 'default', annotations: { [COST]: cost } }, spec: spec({}) };
  const { status } = admit(podKind, input, { operation: 'create' });
  expect(status?.details?.causes).toMatchObject([
    {
      field: `metadata.annotations[${COST}]`,
      message: `Invalid value: ${JSON.stringify(cost)}: must be a 32bit integer`,
    },
  ]);
});
it.each(['0', '-1', '2147483647', '-2147483648'])('a deletion cost of %j is taken', (cost) => {
  const input = { metadata: { name: 'web', namespace: 'default', annotations: { [COST]: cost } }, spec: spec({}) };
  expect(admit(podKind, input, { operation: 'create' }).status).toBeUndefined();
});
it('a deletion cost that was stored and is none may stay, so that the status can be written', () => {
  const old = {
    ...create(spec({})).pod,
    metadata: { name: 'web', namespace: 'default', annotations: { [COST]: 'x' } },
  };
  expect(admit(podKind, old, { operation: 'status', old }).status).toBeUndefined();
});

it('a new pod with scheduling gates says that it is not scheduled, and why', () => {
  const stamp = { uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
  const input = { metadata: { name: 'web', namespace: 'default' }, spec: spec({ schedulingGates: [{ name: 'a' }] }) };
  const { object } = admit(podKind, input, { operation: 'create', stamp });
  expect(object?.status).toEqual({
    phase: 'Pending',
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
    qosClass: 'BestEffort',
  });
  expect(create(spec({})).pod?.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
});

describe('defaults', () => {
  it('of the spec are those of Kubernetes', () => {
    expect(create(spec({})).pod?.spec).toMatchObject({
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      terminationGracePeriodSeconds: 30,
      schedulerName: 'default-scheduler',
      securityContext: {},
      enableServiceLinks: true,
    });
  });

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    ['registry.local:5000/nginx', 'Always'],
    ['registry.local:5000/nginx:1', 'IfNotPresent'],
    ['nginx@sha256:0123', 'IfNotPresent'],
    ['nginx:latest@sha256:0123', 'IfNotPresent'],
  ])('%s is pulled %s', (image, policy) => {
    expect(create(container({ image })).pod?.spec?.containers[0]?.imagePullPolicy).toBe(policy);
  });

  it.each([
    {
      why: 'a container',
      given: {},
      filled: { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', resources: {} },
    },
    {
      why: 'a port',
      given: { ports: [{ containerPort: 80 }] },
      filled: { ports: [{ containerPort: 80, protocol: 'TCP' }] },
    },
    {
      why: 'a probe, whose zeros are absent',
      given: { livenessProbe: { httpGet: { port: 80 }, periodSeconds: 0 } },
      filled: {
        livenessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      },
    },
    {
      why: 'requests are the limits that have none',
      given: { resources: { limits: { cpu: 1, memory: '1024Mi' }, requests: { cpu: 0.5 } } },
      filled: { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } } },
    },
    {
      why: 'a field reference',
      given: { env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] },
      filled: { env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName', apiVersion: 'v1' } } }] },
    },
    {
      why: 'an empty policy is an absent one',
      given: { imagePullPolicy: '' },
      filled: { imagePullPolicy: 'IfNotPresent' },
    },
  ])('$why', ({ given, filled }) => {
    expect(create(container(given)).pod?.spec?.containers[0]).toMatchObject(filled);
  });

  it.each([
    { given: { volumes: [{ name: 'v' }] }, filled: { volumes: [{ name: 'v', emptyDir: {} }] } },
    {
      given: { volumes: [{ name: 'v', secret: { secretName: 's' } }] },
      filled: { volumes: [{ name: 'v', secret: { secretName: 's', defaultMode: 0o644 } }] },
    },
    { given: { serviceAccountName: 'sa' }, filled: { serviceAccountName: 'sa', serviceAccount: 'sa' } },
    {
      given: { hostNetwork: true, containers: [{ ...A, ports: [{ containerPort: 80 }] }] },
      filled: { containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }] },
    },
    {
      given: { tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }] },
      filled: {
        tolerations: [
          { key: 'node.kubernetes.io/not-ready' },
          { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', tolerationSeconds: 300 },
        ],
      },
    },
  ])('$given', ({ given, filled }) => {
    expect(create(spec(given)).pod?.spec).toMatchObject(filled);
  });

  it.each([
    ['a/b:1', '1'],
    ['a', 'latest'],
    ['h:5000/a', 'latest'],
    ['a@sha256:1', undefined],
  ])('tag of %s is %s', (image, tag) => {
    expect(imageTag(image)).toBe(tag);
  });
});

describe('validation', () => {
  const two = (more: object) => ({ containers: [A, { ...A, ...more }] });
  it.each([
    [spec({ containers: [] }), 'spec.containers: Required value'],
    [container({ name: '' }), 'spec.containers[0].name: Required value'],
    [container({ image: '' }), 'spec.containers[0].image: Required value'],
    [
      container({ image: ' x' }),
      'spec.containers[0].image: Invalid value: " x": must not have leading or trailing whitespace',
    ],
    [two({}), 'spec.containers[1].name: Duplicate value: "a"'],
    [spec({ initContainers: [A] }), 'spec.containers[0].name: Duplicate value: "a"'],
    [
      spec({ restartPolicy: 'Sometimes' }),
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    ],
    [
      container({ imagePullPolicy: 'Often' }),
      'spec.containers[0].imagePullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"',
    ],
    [
      spec({ terminationGracePeriodSeconds: -1 }),
      'spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      spec({ activeDeadlineSeconds: 0 }),
      'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
    ],
    [
      container({ ports: [{ containerPort: 0 }] }),
      'spec.containers[0].ports[0].containerPort: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [
      container({ ports: [{ containerPort: 1, protocol: 'tcp' }] }),
      'spec.containers[0].ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      container({
        ports: [
          { containerPort: 1, name: 'p' },
          { containerPort: 2, name: 'p' },
        ],
      }),
      'spec.containers[0].ports[1].name: Duplicate value: "p"',
    ],
    [
      container({ ports: [{ containerPort: 1, name: '1' }] }),
      'spec.containers[0].ports[0].name: Invalid value: "1": must contain at least one letter (a-z)',
    ],
    [
      {
        containers: [
          { ...A, ports: [{ containerPort: 1, hostPort: 9 }] },
          { name: 'b', image: 'x', ports: [{ containerPort: 2, hostPort: 9 }] },
        ],
      },
      'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//9"',
    ],
    [
      container({ env: [{ name: 'A=B' }] }),
      'spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
    ],
    [
      container({ env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'a' } } }] }),
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
    [
      fieldRef('metadata.nam'),
      `${FIELD_REF}.fieldPath: Invalid value: "metadata.nam": error converting fieldPath: field label not supported: metadata.nam; supported values: ${ENV_FIELDS}, "metadata.annotations['<key>']", "metadata.labels['<key>']"`,
    ],
    [
      fieldRef('status.phase'),
      `${FIELD_REF}.fieldPath: Unsupported value: "status.phase": supported values: ${ENV_FIELDS}`,
    ],
    [
      fieldRef('metadata.labels'),
      `${FIELD_REF}.fieldPath: Unsupported value: "metadata.labels": supported values: ${ENV_FIELDS}`,
    ],
    [
      fieldRef("metadata.name['a']"),
      `${FIELD_REF}.fieldPath: Invalid value: "metadata.name['a']": error converting fieldPath: field label does not support subscript: metadata.name['a']; supported values: ${ENV_FIELDS}, "metadata.annotations['<key>']", "metadata.labels['<key>']"`,
    ],
    [fieldRef("metadata.labels['']"), `${FIELD_REF}: Invalid value: "": name part must be non-empty`],
    [
      fieldRef('metadata.name', 'v2'),
      `${FIELD_REF}.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2`,
    ],
    [
      resourceFieldRef({ resource: 'limits.cpus' }),
      `${RESOURCE_REF}.resource: Unsupported value: "limits.cpus": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`,
    ],
    [
      resourceFieldRef({ resource: 'limits.cpu', divisor: '2' }),
      `${RESOURCE_REF}.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
    ],
    [
      resourceFieldRef({ resource: 'requests.memory', divisor: '1m' }),
      `${RESOURCE_REF}.divisor: Invalid value: "requests.memory": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource`,
    ],
    [
      downward({ path: 'a', fieldRef: { fieldPath: 'spec.nodeName' } }),
      `${FILE}.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"`,
    ],
    [downward({ path: 'a' }), `${FILE}: Required value: one of fieldRef and resourceFieldRef is required`],
    [
      downward({ path: 'a', resourceFieldRef: { resource: 'limits.cpu' } }),
      `${FILE}.resourceFieldRef.containerName: Required value`,
    ],
    [
      container({ env: [{ name: 'A', valueFrom: {} }] }),
      'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    ],
    [
      container({ resources: { requests: { cpu: 2 }, limits: { cpu: '1500m' } } }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1500m',
    ],
    [
      container({ resources: { requests: { memory: '-1' } } }),
      'spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [
      container({ resources: { requests: { foo: '1' } } }),
      'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
    ],
    [
      container({ resources: { requests: { 'example.com/gpu': '1' } } }),
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ],
    [container({ livenessProbe: {} }), 'spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    [
      container({ livenessProbe: { exec: { command: ['x'] }, tcpSocket: { port: 1 } } }),
      'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
    ],
    [
      container({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }),
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
    ],
    [
      container({ livenessProbe: { tcpSocket: { port: 70000 } } }),
      'spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [spec({ volumes: [{ name: 'v' }, { name: 'v' }] }), 'spec.volumes[1].name: Duplicate value: "v"'],
    [
      spec({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] }),
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    [
      spec({ initContainers: [{ name: 'i', image: 'x', readinessProbe: { tcpSocket: { port: 1 } } }] }),
      'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
    [
      spec({ tolerations: [{ value: 'x' }] }),
      'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means \'match all values and all keys\'',
    ],
    [
      spec({ tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 1 }] }),
      'spec.tolerations[0].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
    [
      onNodes([{ key: 'metadata.name', operator: 'Gt', values: ['a'] }]),
      `${NODE_TERM}.matchFields[0].operator: Invalid value: "Gt": not a valid selector operator`,
    ],
    [
      onNodes([{ key: 'spec.unschedulable', operator: 'In', values: ['a'] }]),
      `${NODE_TERM}.matchFields[0].key: Invalid value: "spec.unschedulable": not a valid field selector key`,
    ],
    [
      onNodes([{ key: 'metadata.name', operator: 'In', values: ['a', 'b'] }]),
      `${NODE_TERM}.matchFields[0].values: Required value: must be only one value when \`operator\` is 'In' or 'NotIn' for node field selector`,
    ],
    [
      spec({ dnsPolicy: 'None' }),
      'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
    ],
    [
      spec({ hostAliases: [{ ip: '1.2.3' }] }),
      'spec.hostAliases[0].ip: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      spec({ ephemeralContainers: [{ name: 'e', image: 'x' }] }),
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
  ])('%j', (given, cause) => {
    expect(create(given).told).toContain(cause);
  });

  it('accepts a rich pod', () => {
    const { told } = create({
      initContainers: [
        { name: 'proxy', image: 'p', restartPolicy: 'Always', readinessProbe: { exec: { command: ['true'] } } },
      ],
      containers: [
        {
          ...A,
          ports: [
            { name: 'http', containerPort: 80 },
            { containerPort: 53, protocol: 'UDP' },
          ],
          env: [
            { name: 'odd name.1', value: '' },
            { name: 'a', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['Example.com/A']" } } },
            { name: 'b', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1000m' } } },
            { name: 'c', valueFrom: { resourceFieldRef: { resource: 'limits.hugepages-2Mi', divisor: '1Mi' } } },
          ],
          envFrom: [{ configMapRef: { name: 'c' } }],
          volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a/b' }],
          livenessProbe: { httpGet: { port: 'http' } },
          lifecycle: { preStop: { sleep: { seconds: 1 } } },
          resources: { limits: { 'example.com/gpu': 2, cpu: '1' } },
        },
      ],
      volumes: [{ name: 'v', configMap: { name: 'c', items: [{ key: 'a', path: 'b' }] } }],
      nodeSelector: { 'example.com/disk': 'ssd' },
      hostAliases: [{ ip: '2001:db8::ffff', hostnames: ['a.b'] }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] }],
          },
        },
      },
    });
    expect(told).toEqual([]);
  });
});

describe('updates', () => {
  it('a quantity may be written otherwise, and not be another', () => {
    const to = (memory: string) => (old: PodSpec) => ({
      ...old,
      containers: [{ ...(old.containers[0] as Container), resources: { limits: { memory }, requests: { memory } } }],
    });
    const before = container({ resources: { limits: { memory: '134217728' } } });
    expect(update(before, to('128Mi'))).toEqual([]);
    expect(update(before, to('129Mi')).join('\n')).toMatch(/changed: containers$/);
  });
  it.each([
    {
      why: 'an image',
      after: (old: PodSpec) => ({ ...old, containers: [{ ...old.containers[0], image: 'y:2' }] }),
      told: [],
    },
    {
      why: 'a further toleration',
      after: (old: PodSpec) => ({
        ...old,
        tolerations: [...(old.tolerations ?? []), { key: 'x', operator: 'Exists' }],
      }),
      told: [],
    },
    {
      why: 'toleration seconds',
      after: (old: PodSpec) => ({
        ...old,
        tolerations: (old.tolerations ?? []).map((one) => ({ ...one, tolerationSeconds: 9 })),
      }),
      told: [],
    },
    { why: 'a shorter deadline', after: (old: PodSpec) => ({ ...old, activeDeadlineSeconds: 50 }), told: [] },
  ])('$why may change', ({ after, told }) => {
    expect(update(spec({ activeDeadlineSeconds: 100 }), after)).toEqual(told);
  });
  it.each([
    {
      after: (old: PodSpec) => ({ ...old, nodeName: 'n' }),
      told: /^spec: Forbidden: pod updates may not change fields other than .*; changed: nodeName$/,
    },
    {
      after: (old: PodSpec) => ({ ...old, containers: [{ ...(old.containers[0] as Container), command: ['x'] }] }),
      told: /changed: containers$/,
    },
    {
      before: [{ key: 'x', operator: 'Exists' }],
      after: (old: PodSpec) => ({ ...old, tolerations: [] }),
      told: /^spec.tolerations: Forbidden: existing toleration can not be modified/,
    },
    {
      after: (old: PodSpec) => ({ ...old, activeDeadlineSeconds: 101 }),
      told: /^spec.activeDeadlineSeconds: Invalid value: 101: must be less than or equal to previous value$/,
    },
    { after: (old: PodSpec) => ({ ...old, schedulingGates: [{ name: 'a/b' }] }), told: /only deletion is allowed/ },
  ])('nothing else may: $told', ({ before = [], after, told }) => {
    expect(update(spec({ activeDeadlineSeconds: 100, tolerations: before }), after).join('\n')).toMatch(told);
  });
});

it.each([
  [{}, 'BestEffort'],
  [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1Gi' } }, 'Guaranteed'],
  [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
  [{ limits: { cpu: '1' } }, 'Burstable'],
  [{ requests: { cpu: '1' } }, 'Burstable'],
  [{ requests: { 'example.com/x': '1' } }, 'BestEffort'],
])('%j is %s', (resources, qos) => {
  expect(qosClass({ containers: [{ name: 'a', resources }] })).toBe(qos);
});

/* Fields that Troupe does not act upon are held to Kubernetes' rules as well. */
const mounted = (source: object, mount: object = {}): object => ({
  ...container({ volumeMounts: [{ name: 'v', mountPath: '/a', ...mount }] }),
  volumes: [{ name: 'v', ...source }],
});
const projected = (...sources: object[]): object => mounted({ projected: { sources } });
const item = (path: string): object => ({ name: 'n', items: [{ key: 'k', path }] });
it.each([
  { of: spec({ os: { name: 'beos' } }), told: 'os.name: Unsupported value: "beos"' },
  {
    of: spec({ securityContext: { supplementalGroups: [1, -1] } }),
    told: 'securityContext.supplementalGroups[1]: Invalid value: -1: must be between 0 and 2147483647',
  },
  {
    of: container({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    told: 'containers[0].securityContext: Invalid value',
  },
  {
    of: container({ securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'] }, allowPrivilegeEscalation: false } }),
    told: 'containers[0].securityContext: Invalid value',
  },
  {
    of: spec({ securityContext: { seccompProfile: { type: 'Localhost' } } }),
    told: 'securityContext.seccompProfile.localhostProfile: Required value: must be set',
  },
  {
    of: spec({ securityContext: { seccompProfile: { type: 'Unconfined', localhostProfile: 'p' } } }),
    told: 'securityContext.seccompProfile.localhostProfile: Invalid value: "p": can only be set',
  },
  {
    of: container({ securityContext: { procMount: 'X' } }),
    told: 'containers[0].securityContext.procMount: Unsupported value: "X"',
  },
  {
    of: spec({ shareProcessNamespace: true, hostPID: true }),
    told: 'shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID',
  },
  { of: mounted({ emptyDir: { sizeLimit: '-1Gi' } }), told: 'volumes[0].emptyDir.sizeLimit: Forbidden' },
  {
    of: mounted({ hostPath: { path: '/a/../b' } }),
    told: 'volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain',
  },
  {
    of: mounted({ emptyDir: {} }, { subPath: 'x', subPathExpr: 'y' }),
    told: 'containers[0].volumeMounts[0].subPathExpr: Invalid value: "y": subPathExpr and subPath are mutually exclusive',
  },
  {
    of: mounted({ emptyDir: {} }, { mountPropagation: 'Bidirectional' }),
    told: 'containers[0].volumeMounts[0].mountPropagation: Forbidden: Bidirectional',
  },
  {
    of: projected({ configMap: item('x') }, { secret: item('x') }),
    told: 'volumes[0].projected.sources[1]: Invalid value: "x": conflicting duplicate paths',
  },
  {
    of: projected({ serviceAccountToken: { path: 't', expirationSeconds: 5 } }),
    told: 'volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not',
  },
  {
    of: spec({ dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } }),
    told: 'dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3',
  },
  {
    of: spec({ dnsConfig: { nameservers: ['nope'] } }),
    told: 'dnsConfig.nameservers[0]: Invalid value: "nope": must be a valid IP address',
  },
  {
    of: container({ livenessProbe: { httpGet: { path: '/', port: 80, httpHeaders: [{ name: 'a b', value: 'x' }] } } }),
    told: 'containers[0].livenessProbe.httpGet.httpHeaders[0].name: Invalid value: "a b": a valid HTTP header',
  },
  {
    of: { ...container({ lifecycle: { preStop: { sleep: { seconds: 10 } } } }), terminationGracePeriodSeconds: 5 },
    told: 'containers[0].lifecycle.preStop.sleep.seconds: Invalid value: 10: must be non-negative and less than',
  },
  {
    of: spec({
      topologySpreadConstraints: [1, 2].map((maxSkew) => ({
        maxSkew,
        topologyKey: 'a',
        whenUnsatisfiable: 'DoNotSchedule',
      })),
    }),
    told: 'topologySpreadConstraints[1].{topologyKey, whenUnsatisfiable}: Duplicate value: "{a, DoNotSchedule}"',
  },
  {
    of: spec({
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 }],
    }),
    told: 'topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if',
  },
])('refuses $told', ({ of, told }) => {
  expect(create(of).told).toEqual([expect.stringContaining(`spec.${told}`) as string]);
});
it.each([
  {},
  { containers: null },
  mounted({ hostPath: {} }),
  projected({ serviceAccountToken: {} }, { serviceAccountToken: {} }),
  spec({ topologySpreadConstraints: [{}, {}] }),
])('asks for what is missing: %j', (of) => {
  expect(create(of).told.every((one) => one.includes('Required value'))).toBe(true);
});
it('takes a pod that has the same fields as Kubernetes would', () => {
  const fine = {
    ...mounted({
      projected: {
        sources: [
          { configMap: item('x') },
          { secret: item('y') },
          { serviceAccountToken: { path: 't', expirationSeconds: 600 } },
        ],
      },
    }),
    os: { name: 'linux' },
    securityContext: {
      supplementalGroups: [0, 4000],
      seccompProfile: { type: 'Localhost', localhostProfile: 'p.json' },
    },
    dnsConfig: { nameservers: ['1.1.1.1', '::1'] },
    topologySpreadConstraints: ['DoNotSchedule', 'ScheduleAnyway'].map((whenUnsatisfiable) => ({
      maxSkew: 1,
      topologyKey: 'a',
      whenUnsatisfiable,
    })),
  };
  expect(create(fine).told).toEqual([]);
});
