import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AdmitOptions, admit } from './admit.ts';
import { deploymentKind } from './deployment/deployment.ts';
import { eventKind } from './event/event.ts';
import type { Kind } from './kind.ts';
import type { Deployment, KubeObject, Pod, PodSpec } from './kinds.ts';
import { podKind } from './pod/pod.ts';
import { KINDS } from './registry.ts';

const POD = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'a', image: 'nginx:1' }] },
};
const stamp = { uid: 'u-1', creationTimestamp: '2026-01-01T00:00:00Z', nameSuffix: 'x7k2p' };

const CREATE = { operation: 'create' } as const;
function made<T extends KubeObject>(kind: Kind<T>, input: unknown, options: AdmitOptions<T> = CREATE): T {
  const { object, status } = admit(kind, input, options);
  if (object === undefined) throw new Error(status?.message);
  return object;
}
const refusal = (input: unknown, options: AdmitOptions<Pod> = { operation: 'create' }) => {
  const { status } = admit(podKind, input, options);
  return `${status?.reason}: ${status?.message}`;
};

describe('admit, create', () => {
  it('fills in what the system gives', () => {
    const pod = made(
      podKind,
      { ...POD, metadata: { generateName: 'web-', namespace: 'team' } },
      { operation: 'create', stamp },
    );
    expect(pod).toMatchObject({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web-x7k2p',
        namespace: 'team',
        uid: 'u-1',
        creationTimestamp: '2026-01-01T00:00:00Z',
        generation: 1,
      },
    });
  });

  it('does not believe a client about status, uid or deletion', () => {
    const metadata = {
      name: 'web',
      namespace: 'team',
      uid: 'mine',
      deletionTimestamp: '2026-01-01T00:00:00Z',
      generation: 7,
    };
    const pod = made(podKind, { ...POD, metadata, status: { phase: 'Running' } }, { operation: 'create', stamp });
    expect(pod.metadata).toEqual({
      name: 'web',
      namespace: 'team',
      uid: 'u-1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
    });
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  });

  it('never changes its input and shares nothing with it', () => {
    const input = structuredClone(POD);
    const pod = made(podKind, input);
    expect(input).toEqual(POD);
    const container = pod.spec?.containers[0];
    if (container) container.image = 'changed';
    expect(input).toEqual(POD);
  });

  it('knows one zero, as the store does, whatever an encoding makes of minus zero', () => {
    const managedFields = [{ fieldsV1: { some: -0 } }];
    const pod = made(podKind, {
      metadata: { name: 'web', namespace: 'default', managedFields },
      spec: { ...POD.spec, terminationGracePeriodSeconds: -0 },
    });
    expect(JSON.parse(JSON.stringify(pod))).toEqual(pod);
  });

  it.each([
    ['no object', 'x', 'BadRequest: create pods: the body is not an object; send a Pod'],
    [
      'another kind',
      { ...POD, kind: 'Node' },
      'BadRequest: the kind in the data (Node) does not match pods; send kind: Pod',
    ],
    [
      'another version',
      { ...POD, apiVersion: 'v2' },
      'BadRequest: the API version in the data (v2) is not served for Pod; send apiVersion: v1',
    ],
    [
      'no name',
      { ...POD, metadata: { namespace: 'default' } },
      'Invalid: Pod "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
    [
      'one finding',
      { ...POD, spec: { containers: [{ name: 'a' }] } },
      'Invalid: Pod "web" is invalid: spec.containers[0].image: Required value',
    ],
    [
      'nothing but a status',
      { status: {} },
      'Invalid: Pod "" is invalid: [metadata.name: Required value: name or generateName is required, metadata.namespace: Required value, spec: Required value]',
    ],
  ])('refuses %s', (_why, input, message) => {
    expect(refusal(input)).toBe(message);
  });

  it('tells all causes, as data too', () => {
    const { status } = admit(
      podKind,
      { metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'A' }] } },
      { operation: 'create' },
    );
    expect(status?.details?.causes?.map(({ field, reason }) => `${field} ${reason}`)).toEqual([
      'spec.containers[0].name FieldValueInvalid',
      'spec.containers[0].image FieldValueRequired',
    ]);
  });

  it('is pure and total: any input gives an object or a Status', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true }), fc.constantFrom(...KINDS), (input, kind) => {
        const { object, status } = admit(kind, input, { operation: 'create', stamp });
        expect((object === undefined) !== (status === undefined)).toBe(true);
      }),
    );
  });

  it('admits its own result unchanged', () => {
    const pod = made(podKind, POD);
    expect(made(podKind, pod, { operation: 'update', old: pod })).toEqual(pod);
  });
});

describe('admit, update and status', () => {
  const old = made(podKind, POD, { operation: 'create', stamp });

  it('keeps what a client cannot change and raises the generation with the spec', () => {
    const update = {
      ...POD,
      metadata: { name: 'web', namespace: 'default', generation: 9 },
      spec: { containers: [{ name: 'a', image: 'nginx:2' }], tolerations: old.spec?.tolerations },
    };
    const pod = made(podKind, update, { operation: 'update', old });
    expect(pod.metadata).toMatchObject({
      uid: 'u-1',
      generation: 2,
      creationTimestamp: old.metadata?.creationTimestamp,
    });
    expect(pod.status).toEqual(old.status);
  });

  it('refuses another identity', () => {
    const metadata = { ...old.metadata, uid: 'other' };
    expect(refusal({ ...old, metadata }, { operation: 'update', old })).toBe(
      'Invalid: Pod "web" is invalid: metadata.uid: Invalid value: "other": field is immutable',
    );
  });

  it('a status update changes the status alone', () => {
    const input = {
      ...old,
      metadata: { ...old.metadata, labels: { a: 'b' } },
      spec: { containers: [{ name: 'z', image: 'y' }] },
      status: { phase: 'Running' },
    };
    const status = { phase: 'Running', qosClass: 'BestEffort' };
    expect(made(podKind, input, { operation: 'status', old })).toEqual({ ...old, status });
  });

  it('a spec that an older release took keeps nobody from writing the status', () => {
    const env = [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'no.such' } } }];
    const taken = { ...old, spec: { ...old.spec, containers: [{ name: 'a', image: 'x:1', env }] } };
    const status = { phase: 'Failed', qosClass: 'BestEffort' };
    expect(made(podKind, { ...taken, status }, { operation: 'status', old: taken }).status).toEqual(status);
  });

  describe('what an older release took and today is refused', () => {
    const bad = (object: object) => JSON.parse(JSON.stringify(object).replace('metadata.name', 'no.such'));
    const env = [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];
    const fine = { containers: [{ name: 'a', image: 'x:1', env }] };
    const metadata = { ...old.metadata, finalizers: ['a/b'], labels: { a: '-' } };
    const spec: PodSpec = bad(made(podKind, { ...POD, spec: fine }).spec ?? {});
    const taken: Pod = { ...old, metadata, spec };
    const finding = 'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "no.such"';
    it.each<{ why: string; change: Pod; says?: string }>([
      { why: 'a finalizer goes', change: { ...taken, metadata: { ...metadata, finalizers: [] } } },
      {
        why: 'an annotation comes, by a manifest without defaults',
        change: {
          metadata: { ...metadata, annotations: { b: 'c' } },
          spec: bad(fine),
        },
      },
      { why: 'another part of the spec changes', change: { ...taken, spec: { ...spec, activeDeadlineSeconds: 9 } } },
      {
        why: 'the part that it is in changes',
        change: { ...taken, spec: { ...spec, containers: spec.containers.map((one) => ({ ...one, image: 'x:2' })) } },
        says: finding,
      },
      {
        why: 'more is wrong than was',
        change: { ...taken, metadata: { ...metadata, annotations: { 'a b': '' } } },
        says: 'metadata.annotations',
      },
      {
        why: 'a label goes, another stays',
        change: { ...taken, metadata: { ...metadata, labels: { a: '-', b: 'c' } } },
        says: 'metadata.labels',
      },
    ])('$why', ({ change, says }) => {
      const { object, status } = admit(podKind, change, { operation: 'update', old: taken });
      if (says === undefined) expect([status, object?.spec?.containers]).toEqual([undefined, expect.anything()]);
      else expect(status?.message).toContain(says);
    });

    it('so much that what is changed cannot be told from it keeps the change from being taken', () => {
      const many = Array.from({ length: 100 }, (_, at) => ({ name: `e=${at}` }));
      const much: Pod = { ...taken, spec: { ...spec, initContainers: [{ name: 'b', image: 'x:1', env: many }] } };
      const change = { ...much, spec: { ...much.spec, nodeName: 'elsewhere', hostNetwork: true } };
      expect(admit(podKind, change, { operation: 'update', old: much }).status?.reason).toBe('Invalid');
    });

    it('a Deployment is scaled down whose template it is, and no new template is taken', () => {
      const labels = { app: 'web' };
      const of = (replicas: number, template: object): Deployment => ({
        metadata: { name: 'web', namespace: 'default' },
        spec: {
          replicas,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: template } as never,
        },
      });
      const stored: Deployment = bad(made(deploymentKind, of(3, fine), { ...CREATE, stamp }));
      const update = { operation: 'update', old: stored, namespace: 'default' } as const;
      expect(made(deploymentKind, bad(of(1, fine)), update).spec?.replicas).toBe(1);
      const { status } = admit(deploymentKind, bad(of(1, { ...fine, terminationGracePeriodSeconds: 1 })), update);
      expect(status?.message).toContain(`spec.template.${finding}`);
    });
  });

  it("a pod's quality of service is for ever", () => {
    const input = { ...old, status: { qosClass: 'Guaranteed' } };
    expect(refusal(input, { operation: 'status', old })).toContain(
      'status.qosClass: Invalid value: "Guaranteed": field is immutable',
    );
  });

  const dying = { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30, finalizers: ['a/b'] };
  const uid = 'o-1';
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid };
  it.each<{ why: string; before?: object; change: object; says: string | RegExp | undefined }>([
    { why: 'name', change: { name: 'other' }, says: 'metadata.name: Invalid value: "other": field is immutable' },
    {
      why: 'creationTimestamp',
      change: { creationTimestamp: '2027-01-01T00:00:00Z' },
      says: 'metadata.creationTimestamp: Invalid value: "2027-01-01T00:00:00Z": field is immutable',
    },
    {
      why: 'deletionTimestamp of what is not deleted',
      change: { deletionTimestamp: '2027-01-01T00:00:00Z' },
      says: 'metadata.deletionTimestamp: Invalid value: "2027-01-01T00:00:00Z": field is immutable',
    },
    {
      why: 'grace of what is deleted',
      before: dying,
      change: { ...dying, deletionGracePeriodSeconds: 5 },
      says: 'metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable',
    },
    {
      why: 'new finalizers of what is deleted',
      before: dying,
      change: { ...dying, finalizers: ['a/b', 'c/d'] },
      says: 'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    },
    {
      why: 'fewer finalizers of what is deleted',
      before: dying,
      change: { ...dying, finalizers: [] },
      says: undefined,
    },
    {
      why: 'a finalizer without a domain',
      change: { finalizers: ['a/b', 'mine'] },
      says: 'metadata.finalizers[1]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    },
    {
      why: 'two policies at once',
      change: { finalizers: ['orphan', 'foregroundDeletion'] },
      says: 'finalizer orphan and foregroundDeletion cannot be both set',
    },
    { why: 'labels', change: { labels: { a: '-' } }, says: /metadata.labels.*Invalid value: "-"/ },
    { why: 'annotations', change: { annotations: { 'a b': '' } }, says: /metadata.annotations.*Invalid value: "a b"/ },
    {
      why: 'annotations by their bytes',
      change: { annotations: { a: 'é'.repeat(131_072) } },
      says: 'metadata.annotations: Too long: may not be more than 262144 bytes',
    },
    {
      why: 'an owner without a uid',
      change: { ownerReferences: [{ ...owner, uid: '' }] },
      says: 'metadata.ownerReferences[0].uid: Invalid value: "": must not be empty',
    },
    {
      why: 'an owner that is an event',
      change: { ownerReferences: [{ ...owner, apiVersion: 'v1', kind: 'Event' }] },
      says: '/v1, Kind=Event is disallowed from being an owner',
    },
    {
      why: 'two controllers',
      change: {
        ownerReferences: [
          { ...owner, controller: true },
          { ...owner, name: 'db', controller: true },
        ],
      },
      says: 'Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/web and ReplicaSet/db',
    },
  ])('metadata on update: $why', ({ before = {}, change, says }) => {
    const stored = { ...old, metadata: { ...old.metadata, ...before } };
    const { status } = admit(
      podKind,
      { ...stored, metadata: { ...stored.metadata, ...change } },
      { operation: 'update', old: stored },
    );
    if (says === undefined) expect(status).toBeUndefined();
    else if (typeof says === 'string') expect(status?.message).toContain(says);
    else expect(status?.message).toMatch(says);
  });
});

describe('events in two versions', () => {
  const newer = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'default' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'example.com/c',
    reportingInstance: 'c-1',
    action: 'Bind',
    reason: 'Scheduled',
    type: 'Normal',
    note: 'bound',
    regarding: { kind: 'Pod', name: 'web', namespace: 'default' },
    deprecatedCount: 3,
  };

  it('are stored in one and read in both', () => {
    const stored = made(eventKind, newer);
    expect(stored).toMatchObject({
      apiVersion: 'v1',
      message: 'bound',
      involvedObject: { name: 'web' },
      count: 3,
      reportingComponent: 'example.com/c',
    });
    expect(stored).not.toHaveProperty('note');
    expect(eventKind.versions[1]?.fromStorage?.(stored)).toEqual(newer);
  });

  it('the newer version asks for more', () => {
    const { status } = admit(eventKind, { ...newer, action: '', reportingController: '' }, { operation: 'create' });
    expect(status?.message).toBe('Event "e" is invalid: [reportingController: Required value, action: Required value]');
  });

  it('an event lies beside what it is about', () => {
    const { status } = admit(
      eventKind,
      { metadata: { name: 'e', namespace: 'a' }, involvedObject: { namespace: 'b' } },
      { operation: 'create' },
    );
    expect(status?.message).toContain('involvedObject.namespace: Invalid value: "b": does not match event.namespace');
  });

  it('the way there and back loses nothing', () => {
    const text = fc.constantFrom('a', 'b');
    const event = fc.record(
      {
        message: text,
        reason: text,
        type: text,
        count: fc.nat(9),
        action: text,
        firstTimestamp: fc.constant('2026-01-01T00:00:00Z'),
        source: fc.record({ component: text }),
        reportingComponent: text,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(event, (fields) => {
        const stored = {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: 'e', namespace: 'default' },
          involvedObject: { name: 'x' },
          ...fields,
        };
        const version = eventKind.versions[1];
        expect(version?.toStorage?.(version.fromStorage?.(stored) ?? {})).toEqual(stored);
      }),
    );
  });
});
