import { describe, expect, it } from 'vitest';
import { admit } from './admit.ts';
import type { Kind } from './kind.ts';
import type { KubeObject } from './kinds.ts';
import { KINDS } from './registry.ts';
import { scaleOf, WORKLOAD_SCALE, withScale } from './scale.ts';

type Fields = Record<string, unknown>;
const TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'x:1' }] } };
const workload = (more: object = {}) => ({
  spec: { selector: { matchLabels: { app: 'web' } }, template: TEMPLATE, ...more },
});

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

const named = (kind: Kind, fields: object): object => ({
  metadata: { name: 'web', ...(kind.namespaced ? { namespace: 'team' } : {}) },
  ...fields,
});
const told = (status: { details?: { causes?: readonly { field: string; message: string }[] } } | undefined) =>
  (status?.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);

const kindCalled = (word: string): Kind =>
  KINDS.find(({ singular, shortNames }) => [singular, ...shortNames].includes(word)) as Kind;

function create(word: string, fields: object): Fields {
  const kind = kindCalled(word);
  const { object, status } = admit(kind, named(kind, fields), { operation: 'create' });
  if (object === undefined) throw new Error(status?.message);
  return object as Fields;
}
const refusedCreate = (word: string, fields: object): readonly string[] => {
  const kind = kindCalled(word);
  return told(admit(kind, named(kind, fields), { operation: 'create' }).status);
};
const update = (word: string, before: object, after: object) => {
  const kind = kindCalled(word);
  const old = create(word, before) as KubeObject;
  return admit(kind, named(kind, after), { operation: 'update', old });
};

/** As apply writes of a large manifest. */
const NOTED = { 'kubectl.kubernetes.io/last-applied-configuration': 'y'.repeat(256 * 1024) };

describe('defaults', () => {
  it.each([
    {
      word: 'deployment',
      given: workload(),
      filled: {
        spec: {
          replicas: 1,
          revisionHistoryLimit: 10,
          progressDeadlineSeconds: 600,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
          template: { spec: { restartPolicy: 'Always' } },
        },
      },
    },
    {
      word: 'deployment',
      given: workload({ replicas: 0, strategy: { type: 'Recreate' } }),
      filled: { spec: { replicas: 0, strategy: { type: 'Recreate' } } },
    },
    { word: 'replicaset', given: workload(), filled: { metadata: { generation: 1 }, spec: { replicas: 1 } } },
    {
      word: 'secret',
      given: { stringData: { a: 'grüß', b: 'x' }, data: { b: 'eQ==' } },
      filled: { type: 'Opaque', data: { a: 'Z3LDvMOf', b: 'eA==' } },
    },
    {
      word: 'namespace',
      given: { status: { phase: 'Terminating' } },
      filled: {
        metadata: { labels: { 'kubernetes.io/metadata.name': 'web' } },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      },
    },
    {
      word: 'node',
      given: { status: { capacity: { cpu: 4 } } },
      filled: { spec: {}, status: { capacity: { cpu: '4' }, allocatable: { cpu: '4' } } },
    },
    { word: 'node', given: {}, filled: { spec: { taints: [NOT_READY] } } },
    { word: 'node', given: { spec: { taints: [NOT_READY] } }, filled: { spec: { taints: [NOT_READY] } } },
    {
      word: 'node',
      given: { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } },
      filled: { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }, NOT_READY] } },
    },
  ])('$word', ({ word, given, filled }) => {
    expect(create(word, given)).toMatchObject(filled);
  });

  it('a template gets no defaults that are for pods alone', () => {
    const { spec } = create(
      'rs',
      workload({
        template: {
          ...TEMPLATE,
          spec: { containers: [{ name: 'a', image: 'x', resources: { limits: { cpu: '1' } } }] },
        },
      }),
    );
    const text = JSON.stringify(spec);
    expect(text).not.toContain('requests');
    expect(text).not.toContain('enableServiceLinks');
  });

  it('stringData is not kept', () => {
    expect(create('secret', { stringData: { a: 'x' } })).not.toHaveProperty('stringData');
  });
});

describe('validation', () => {
  const strategy = (rollingUpdate: object) => workload({ strategy: { type: 'RollingUpdate', rollingUpdate } });
  const template = (spec: object) => workload({ template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, ...spec } } });
  const cost = { 'controller.kubernetes.io/pod-deletion-cost': 'x' };
  const costly = workload({ template: { ...TEMPLATE, metadata: { ...TEMPLATE.metadata, annotations: cost } } });
  const COSTLY =
    'spec.template.metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "x": must be a 32bit integer';
  const big = 'x'.repeat(1024 * 1024);
  it.each([
    ['deployment', workload({ replicas: -1 }), 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ['deployment', { spec: { template: TEMPLATE } }, 'spec.selector: Required value'],
    [
      'deployment',
      workload({ selector: {} }),
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ],
    [
      'deployment',
      workload({ selector: { matchLabels: { app: 'db' } } }),
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    [
      'rs',
      workload({ selector: { matchLabels: { app: 'db' } } }),
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    [
      'deployment',
      workload({ progressDeadlineSeconds: 5, minReadySeconds: 5 }),
      'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
    ],
    [
      'deployment',
      strategy({ maxSurge: 0, maxUnavailable: 0 }),
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
    ],
    [
      'deployment',
      strategy({ maxUnavailable: '101%' }),
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ],
    [
      'deployment',
      strategy({ maxSurge: -1 }),
      'spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'deployment',
      workload({ strategy: { type: 'Recreate', rollingUpdate: {} } }),
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ],
    [
      'deployment',
      template({ restartPolicy: 'Never' }),
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'deployment',
      template({ activeDeadlineSeconds: 5 }),
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in Deployment is not Supported',
    ],
    ['deployment', template({ containers: [{ name: 'a' }] }), 'spec.template.spec.containers[0].image: Required value'],
    [
      'deployment',
      workload({ selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } }),
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [
      'cm',
      { data: { 'a b': 'x' } },
      "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
    ['cm', { data: { '..': 'x' } }, 'data[..]: Invalid value: "..": must not be \'..\''],
    [
      'cm',
      { data: { a: 'x' }, binaryData: { a: 'eA==' } },
      'binaryData[a]: Invalid value: "a": duplicate of key present in data',
    ],
    ['cm', { data: { a: `${big}x` } }, ': Too long: may not be more than 1048576 bytes'],
    ['secret', { stringData: { a: `${big}x` } }, 'data: Too long: may not be more than 1048576 bytes'],
    ['secret', { data: { a: 'no base64!' } }, 'data[a]: Invalid value: (hidden): must be base64 text'],
    ['secret', { type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'x' } }, 'data[tls.key]: Required value'],
    [
      'secret',
      { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '{' } },
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be valid JSON',
    ],
    [
      'secret',
      { type: 'kubernetes.io/service-account-token' },
      'metadata.annotations[kubernetes.io/service-account.name]: Required value',
    ],
    [
      'namespace',
      { metadata: { name: 'a.b' } },
      "metadata.name: Invalid value: \"a.b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
    [
      'namespace',
      { metadata: { name: 'a', namespace: 'b' } },
      'metadata.namespace: Forbidden: not allowed on this type',
    ],
    ['sa', { metadata: { name: 'a' } }, 'metadata.namespace: Required value'],
    [
      'node',
      { spec: { taints: [{ key: 'a', effect: 'Sometimes' }] } },
      'spec.taints[0].effect: Unsupported value: "Sometimes": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
    ],
    [
      'node',
      {
        spec: {
          taints: [
            { key: 'a', effect: 'NoExecute' },
            { key: 'a', effect: 'NoExecute' },
          ],
        },
      },
      'spec.taints[1]: Duplicate value: {"key":"a","effect":"NoExecute"}',
    ],
    [
      'node',
      { spec: { podCIDR: 'x' } },
      'spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      'node',
      { spec: { podCIDRs: ['10.0.0.0/24', '10.0.0.1/33'] } },
      'spec.podCIDRs[1]: Invalid value: "10.0.0.1/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      'node',
      { spec: { podCIDRs: ['10.0.0.0/24', '10.0.1.0/24'] } },
      'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
    ],
    ['deployment', costly, COSTLY],
    ['rs', costly, COSTLY],
    [
      'cm',
      { metadata: { name: 'a', namespace: 'b', labels: { '-': 'x' } } },
      "metadata.labels: Invalid value: \"-\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
    [
      'cm',
      {
        metadata: {
          name: 'a',
          namespace: 'b',
          ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: '' }],
        },
      },
      'metadata.ownerReferences[0].uid: Invalid value: "": must not be empty',
    ],
    [
      'cm',
      { metadata: { name: 'a', namespace: 'b', annotations: { x: 'y'.repeat(256 * 1024) } } },
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ],
    [
      'cm',
      { metadata: { name: 'a', namespace: 'b', annotations: { ...NOTED, x: 'y'.repeat(256 * 1024 + 1) } } },
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ],
    [
      'cm',
      { metadata: { name: 'a', namespace: 'b', annotations: { ...NOTED, x: 'y'.repeat(1024) } } },
      'metadata.annotations: Too long: may not be more than 262144 bytes; the copy of the manifest that apply keeps in kubectl.kubernetes.io/last-applied-configuration has 262144: use create ("troupe create -f") or update, which keep no copy',
    ],
  ])('%s %#', (word, fields, cause) => {
    expect(refusedCreate(word, fields)).toContain(cause);
  });
});

describe('updates', () => {
  it('a selector is for ever', () => {
    const after = workload({ selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } });
    for (const word of ['deployment', 'rs']) {
      expect(told(update(word, workload(), after).status)[0]).toMatch(
        /^spec.selector: Invalid value: .*: field is immutable$/,
      );
    }
  });

  it.each([
    [
      'cm',
      { immutable: true, data: { a: '1' } },
      { immutable: true, data: { a: '2' } },
      ['data: Forbidden: field is immutable when `immutable` is set'],
    ],
    [
      'cm',
      { immutable: true, data: { a: '1' } },
      { data: { a: '1' } },
      ['immutable: Forbidden: field is immutable when `immutable` is set'],
    ],
    ['cm', { data: { a: '1' } }, { data: { a: '2' } }, []],
    [
      'secret',
      { immutable: true, stringData: { a: '1' } },
      { immutable: true, stringData: { a: '2' } },
      ['data: Forbidden: field is immutable when `immutable` is set'],
    ],
    ['secret', { type: 'a/b' }, { type: 'c/d' }, ['type: Invalid value: "c/d": field is immutable']],
    [
      'node',
      { spec: { providerID: 'x' } },
      { spec: { providerID: 'y' } },
      ['spec.providerID: Forbidden: node updates may not change providerID except from "" to valid'],
    ],
    [
      'node',
      { spec: { podCIDR: '10.0.0.0/24' } },
      { spec: { podCIDR: '10.0.1.0/24' } },
      ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
    ],
    ['node', { spec: {} }, { spec: { podCIDR: '10.0.1.0/24', podCIDRs: ['10.0.1.0/24'] } }, []],
    ['node', { spec: {} }, { spec: { podCIDRs: ['fd00::/64', '10.0.1.0/24'] } }, []],
    [
      'node',
      { spec: {} },
      { spec: { podCIDR: 'x' } },
      ['spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ],
    [
      'pod',
      { spec: TEMPLATE.spec },
      { spec: { containers: [...TEMPLATE.spec.containers, { name: 'b', image: 'x:1' }] } },
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
  ])('%s %#', (word, before, after, causes) => {
    expect(told(update(word, before, after).status)).toEqual(causes);
  });

  it.each([
    { why: 'a changed spec', after: workload({ replicas: 3 }), generation: 2 },
    { why: 'the same spec', after: workload(), generation: 1 },
    { why: 'a client cannot change the status', after: { ...workload(), status: { replicas: 7 } }, generation: 1 },
  ])('generation after $why: $generation', ({ after, generation }) => {
    const { object } = update('deployment', workload(), after);
    expect(object?.metadata?.generation).toBe(generation);
    expect(object).not.toHaveProperty('status');
  });

  it("a namespace's finalizers stay", () => {
    expect(update('namespace', {}, { spec: { finalizers: [] } }).object).toMatchObject({
      spec: { finalizers: ['kubernetes'] },
    });
  });
});

describe('scale', () => {
  const deployment = create('deployment', workload({ replicas: 2 }));
  it('shows and sets the number of replicas', () => {
    const scale = scaleOf(WORKLOAD_SCALE, deployment as never);
    expect(scale).toMatchObject({
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'web' },
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'app=web' },
    });
    expect(withScale(WORKLOAD_SCALE, deployment as never, { ...scale, spec: { replicas: 5 } })).toMatchObject({
      spec: { replicas: 5, selector: {} },
    });
  });
});
