import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../contracts/errors/status.ts';
import { HEADER } from '../../contracts/headers.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { ApplyItem } from '../../contracts/messages/api.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { type Body, LonelyApiServer } from '../../test/support/lonely-api-server.ts';
import type { Heard } from '../kernel/testing/test-world.ts';

/**
 * Goal: an api-server answers as Kubernetes does, whatever the store says in between.
 * Method: the test world plays the store, at once or when told to.
 */
const pod = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...more },
  spec: { containers: [{ name: 'c', image: 'busybox' }] },
});
const configMap = (name: string, data: object = {}, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data,
});

let cluster: LonelyApiServer;
beforeEach(() => {
  cluster = new LonelyApiServer();
});

it.each([8, 2_000])(
  'who waits for earlier writes of an object, and the store is silent, waits no longer than a request may take: %i',
  (count) => {
    cluster.ask('create', 'configmaps', ['default'], configMap('c'));
    const replies = Array.from({ length: count }, (_, at) =>
      cluster.send('patch', 'configmaps', ['default', 'c'], { data: { at: String(at) } }),
    );
    for (let seconds = 0; seconds < 40; seconds += 10) {
      cluster.world.advance(10_000);
      for (const asked of cluster.open.splice(0)) cluster.world.answer(asked, 'timeout');
      cluster.hear();
    }
    expect(replies.map((reply) => cluster.answers.get(reply)?.['code'])).toEqual(replies.map(() => 504));
    expect(cluster.ask('create', 'configmaps', ['default'], configMap('d')).metadata.name).toBe('d');
    expect(cluster.ask('patch', 'configmaps', ['default', 'c'], { data: { a: 'b' } })['data']).toEqual({ a: 'b' });
  },
);

it('an api-server that is stopped while writes of one object are under way begins no other', () => {
  cluster.ask('create', 'configmaps', ['default'], configMap('c'));
  for (let at = 0; at < 3; at++) cluster.send('patch', 'configmaps', ['default', 'c'], { data: { at: String(at) } });
  cluster.world.core.stop();
  expect(cluster.world.violations).toEqual([]);
});

it('who waits for a deletion that is given up, because another of its collection failed, gets its turn', () => {
  for (const name of ['a', 'b']) cluster.ask('create', 'configmaps', ['default'], configMap(name));
  const all = cluster.send('delete', 'configmaps', ['default']);
  const [question] = cluster.open.splice(0);
  cluster.world.answer(question as Heard, { revision: cluster.world.cache.revision });
  cluster.hear();
  const [a, b] = cluster.open.splice(0);
  const patched = cluster.send('patch', 'configmaps', ['default', 'b'], { data: { still: 'here' } });
  cluster.world.answer(a as Heard, 'timeout');
  cluster.hear();
  expect(cluster.answers.get(all)).toMatchObject({ code: 504 });
  cluster.world.answer(b as Heard, failure('ServiceUnavailable', 'down'));
  cluster.serve();
  expect(cluster.answers.get(patched)).toMatchObject({ data: { still: 'here' } });
});

it("a node that asks for a pod before it is there does not get at it when it is somebody else's", () => {
  const tokens = { caller: 'node-n1', verb: 'delete', resource: 'pods', namespace: 'default', name: 'p' };
  cluster.world.call(SUBJECTS.api, tokens, { gracePeriodSeconds: 0 }, { reply: '_INBOX.node-n1.1' });
  cluster.hear();
  // Before the store has said how new that view is another api-server makes it.
  cluster.world.put('pods', {
    ...pod('p', { namespace: 'default', uid: 'u' }),
    spec: { nodeName: 'n2' },
  } as KubeObject);
  cluster.world.settle();
  cluster.serve();
  expect(cluster.answers.get('_INBOX.node-n1.1')?.['code']).toBe(403);
  expect(cluster.world.cache.get('pods', 'default', 'p')).toBeDefined();
});

it.each(['get', 'delete', 'patch'])(
  'a node does not %s the pod of another that was made under the name of its own in the meantime',
  (verb) => {
    const of = (uid: string, nodeName: string) =>
      ({ ...pod('p', { namespace: 'default', uid }), spec: { nodeName, containers: [] } }) as unknown as KubeObject;
    cluster.world.put('pods', of('old', 'n1'));
    cluster.world.settle();
    const resource = verb === 'patch' ? 'pods/status' : 'pods';
    const tokens = { caller: 'node-n1', verb, resource, namespace: 'default', name: 'p' };
    const body = verb === 'patch' ? { status: { phase: 'Failed' } } : {};
    cluster.world.call(SUBJECTS.api, tokens, body, { reply: '_INBOX.node-n1.2' });
    cluster.hear();
    cluster.world.remove('pods', 'default', 'p');
    cluster.world.put('pods', of('new', 'n2'));
    cluster.world.settle();
    cluster.serve();
    expect(cluster.answers.get('_INBOX.node-n1.2')?.['code']).toBe(403);
    expect(cluster.world.cache.get('pods', 'default', 'p')).toMatchObject({ metadata: { uid: 'new' } });
  },
);

describe('apply again', () => {
  const outcomeOf = (applied: Body): unknown =>
    (applied.items[0] as { outcome?: unknown } | undefined)?.outcome ?? applied;

  it('of a pod with tolerations of its own changes nothing', () => {
    const tolerations = [{ key: 'gpu', operator: 'Exists' }];
    const manifest = { ...pod('p'), spec: { containers: [{ name: 'c', image: 'busybox' }], tolerations } };
    expect(outcomeOf(cluster.ask('apply', 'pods', ['default', 'p'], manifest))).toBe('created');
    expect(outcomeOf(cluster.ask('apply', 'pods', ['default', 'p'], manifest))).toBe('unchanged');
  });

  it('of a Secret in plain text leaves what others added', () => {
    const manifest = (stringData: object) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      stringData,
    });
    const place = ['default', 's'];
    cluster.ask('apply', 'secrets', place, manifest({ mine: '1', old: '1' }));
    cluster.ask('patch', 'secrets', place, { data: { theirs: 'Mg==' } });
    expect(outcomeOf(cluster.ask('apply', 'secrets', place, manifest({ mine: '1', old: '1' })))).toBe('unchanged');
    expect(outcomeOf(cluster.ask('apply', 'secrets', place, manifest({ mine: '3' })))).toBe('configured');
    expect(cluster.ask('get', 'secrets', place)['data']).toEqual({ mine: 'Mw==', theirs: 'Mg==' });
  });
});

describe('create and get', () => {
  it('stamps, defaults and answers with the acknowledged revision', () => {
    const made = cluster.ask('create', 'pods', ['default'], pod('a'));
    expect(made).toMatchObject({
      kind: 'Pod',
      metadata: {
        name: 'a',
        namespace: 'default',
        resourceVersion: '2',
        creationTimestamp: '2026-01-01T00:00:00Z',
        generation: 1,
      },
      spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 },
      status: { phase: 'Pending' },
    });
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.spec.tolerations?.map(({ key }) => key)).toEqual([
      'node.kubernetes.io/not-ready',
      'node.kubernetes.io/unreachable',
    ]);
    expect(cluster.ask('get', 'pods', ['default', 'a'])).toEqual(made);
  });

  it('generates names, another when it is taken', () => {
    const taken = cluster.send('create', 'pods', ['default'], pod('', { name: undefined, generateName: 'web-' }));
    const [first] = cluster.open;
    cluster.open = [];
    cluster.world.answer(first as Heard, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: '',
      reason: 'AlreadyExists',
      code: 409,
    });
    cluster.serve();
    expect(cluster.answers.get(taken)).toMatchObject({
      metadata: { name: expect.stringMatching(/^web-[b-z2-9]{5}$/), generateName: 'web-' },
    });
    expect((first as Heard).body).not.toMatchObject({
      key: `pods.default.${cluster.answers.get(taken)?.metadata.name}`,
    });
  });

  it('counts an event that is told again, and refuses another of its name', () => {
    const told = (message: string) => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'a', namespace: 'default', uid: 'u' },
      reason: 'BackOff',
      type: 'Warning',
      message,
    });
    const first = cluster.ask('create', 'events', ['default'], told('one'));
    const again = cluster.ask('create', 'events', ['default'], told('one'));
    expect(again).toMatchObject({ count: 2, metadata: { uid: first.metadata.uid, resourceVersion: '2' } });
    expect(cluster.ask('get', 'events', ['default', 'e'])).toEqual(again);
    expect(cluster.ask('create', 'events', ['default'], told('two'))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
    });
  });

  it.each([
    { why: 'twice', ask: ['create', 'pods', ['default'], pod('a')], code: 409, says: 'pods "a" already exists' },
    {
      why: 'in no namespace',
      ask: ['create', 'pods', [''], pod('b')],
      code: 400,
      says: 'Pod objects are namespaced',
    },
    {
      why: 'in a missing namespace',
      ask: ['create', 'pods', ['nope'], pod('b')],
      code: 404,
      says: 'namespaces "nope" not found',
    },
    {
      why: 'in another namespace',
      ask: ['create', 'pods', ['default'], pod('b', { namespace: 'x' })],
      code: 400,
      says: 'the namespace of the provided object does not match the namespace sent on the request',
    },
    {
      why: 'under another name',
      ask: ['create', 'pods', ['default', 'c'], pod('b')],
      code: 400,
      says: 'does not match the name',
    },
    {
      why: 'of another kind',
      ask: ['create', 'configmaps', ['default'], pod('b')],
      code: 400,
      says: `the object's kind is "Pod"`,
    },
    {
      why: 'with a resourceVersion',
      ask: ['create', 'pods', ['default'], pod('b', { resourceVersion: '1' })],
      code: 400,
      says: 'resourceVersion should not be set',
    },
    {
      why: 'whose uid is no text',
      ask: ['patch', 'pods', ['default', 'a'], { metadata: { uid: {} } }],
      code: 400,
      says: 'metadata.uid must be a string',
    },
    {
      why: 'misspelt',
      ask: ['create', 'configmaps', ['default'], { ...configMap('b'), dta: {} }],
      code: 422,
      says: 'did you mean "data"',
    },
    { why: 'nothing', ask: ['create', 'pods', ['default']], code: 400, says: 'the body is empty' },
    { why: 'a list', ask: ['create', 'pods', ['default'], [1]], code: 400, says: 'the body must be a Pod object' },
    { why: 'an unknown verb', ask: ['creat', 'pods', ['default'], pod('b')], code: 405, says: 'did you mean "create"' },
    {
      why: 'an unknown resource',
      ask: ['create', 'pod', ['default'], pod('b')],
      code: 404,
      says: 'did you mean "pods"',
    },
    {
      why: 'an unknown subresource',
      ask: ['get', 'pods/stats', ['default', 'a']],
      code: 404,
      says: 'no subresource "stats"',
    },
    { why: 'a missing object', ask: ['get', 'pods', ['default', 'b']], code: 404, says: 'pods "b" not found' },
    {
      why: 'a missing deployment',
      ask: ['get', 'deployments', ['default', 'b']],
      code: 404,
      says: 'deployments.apps "b" not found',
    },
    {
      why: 'an unknown option',
      ask: ['list', 'pods', ['default'], { labelSelecter: 'a' }],
      code: 400,
      says: 'did you mean "labelSelector"',
    },
    {
      why: 'a very long option, which nobody needs to read again whole',
      ask: ['list', 'pods', ['default'], { [`\u001b[2J${'x'.repeat(1_000_000)}`]: 'a' }],
      code: 400,
      says: `list: unknown option " [2J${'x'.repeat(95)}…"; known: apiVersion, kind, labelSelector`,
    },
    {
      why: 'an option of something else',
      ask: ['get', 'pods', ['default', 'a'], { watch: true }],
      code: 400,
      says: 'get: unknown option "watch"; known: apiVersion, kind, resourceVersion',
    },
    {
      why: 'a resource of something else',
      ask: ['get', 'widgets', ['default', 'a']],
      code: 404,
      says: `the server doesn't have a resource type "widgets"; known: namespaces, nodes, pods, `,
    },
    {
      why: 'a verb of something else',
      ask: ['exec', 'pods', ['default', 'a']],
      code: 405,
      says: 'unknown verb "exec"; known: create, get, list, update, patch, delete, apply, watch',
    },
    {
      why: 'a bad selector',
      ask: ['list', 'pods', ['default'], { labelSelector: 'a=(' }],
      code: 400,
      says: 'unable to parse label selector',
    },
    {
      why: 'a namespace where none belongs',
      ask: ['get', 'nodes', ['default', 'n']],
      code: 400,
      says: 'have no namespace',
    },
  ] as { why: string; ask: [string, string, string[], unknown]; code: number; says: string }[])(
    'refuses $why',
    ({ ask, code, says }) => {
      cluster.ask('create', 'pods', ['default'], pod('a'));
      const refused = cluster.ask(...ask);
      expect({ status: refused['status'], code: refused['code'], message: refused['message'] }).toEqual({
        status: 'Failure',
        code,
        message: expect.stringContaining(says),
      });
    },
  );

  it('nothing is created in a terminating namespace', () => {
    cluster.world.put('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'old', deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    expect(cluster.ask('create', 'pods', ['old'], pod('a'))).toMatchObject({
      code: 403,
      message: expect.stringContaining('unable to create new content in namespace old because it is being terminated'),
    });
  });

  it('gets that come while the store is asked share the next question', () => {
    cluster.ask('create', 'pods', ['default'], pod('a'));
    const replies = [1, 2, 3].map(() => cluster.send('get', 'pods', ['default', 'a']));
    expect(cluster.open.map(({ say }) => say)).toEqual(['fresh']);
    cluster.serve();
    expect(replies.map((reply) => cluster.answers.get(reply)?.['kind'])).toEqual(['Pod', 'Pod', 'Pod']);
    expect(cluster.ask('get', 'pods', ['default', 'a'], { resourceVersion: '0' })['kind']).toBe('Pod');
  });
});

describe('update and patch', () => {
  const update = (data: object, more: object = {}) =>
    cluster.ask('update', 'configmaps', ['default', 'c'], configMap('c', data, more));
  beforeEach(() => {
    cluster.ask('create', 'configmaps', ['default'], configMap('c', { a: '1' }));
  });

  it('replaces, keeps what belongs to the server, and writes nothing when nothing changes', () => {
    const before = cluster.ask('get', 'configmaps', ['default', 'c']);
    const after = update({ a: '2' });
    expect(after).toEqual({ ...before, data: { a: '2' }, metadata: { ...before.metadata, resourceVersion: '3' } });
    expect(update({ a: '2' }).metadata.resourceVersion).toBe('3');
  });

  it.each([{}, { metadata: {} }, { data: { b: '2' } }, { metadata: { name: '', labels: { a: '1' } } }])(
    'does not empty an object for a body that does not name it: %j',
    (body) => {
      const before = cluster.ask('get', 'configmaps', ['default', 'c']);
      const refused = cluster.ask('update', 'configmaps', ['default', 'c'], body);
      expect(refused).toMatchObject({
        code: 400,
        message: expect.stringContaining('send all of it with metadata.name: c'),
      });
      expect(cluster.ask('get', 'configmaps', ['default', 'c'])).toEqual(before);
    },
  );

  it('takes a label that every object seems to have', () => {
    cluster.ask('patch', 'configmaps', ['default', 'c'], { metadata: { labels: { a: '1' } } });
    const { metadata } = cluster.ask('patch', 'configmaps', ['default', 'c'], {
      metadata: { labels: { constructor: '2' } },
    });
    expect(metadata.labels).toEqual({ a: '1', constructor: '2' });
  });

  it('with an old resourceVersion is a conflict', () => {
    update({ a: '2' });
    expect(update({ a: '3' }, { resourceVersion: '2' })).toMatchObject({
      code: 409,
      message:
        'Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again',
    });
    expect(update({ a: '3' }, { resourceVersion: '3' })['data']).toEqual({ a: '3' });
    expect(update({ a: '4' }, { uid: 'other' })['code']).toBe(409);
  });

  it('a patch is planned again when somebody wrote first', () => {
    const reply = cluster.send('patch', 'configmaps', ['default', 'c'], { data: { b: '2' } });
    const [put] = cluster.open.splice(0);
    cluster.world.put('configmaps', configMap('c', { a: 'other' }, { namespace: 'default', uid: 'u' }));
    cluster.world.answer(put as Heard, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: '',
      reason: 'Conflict',
      code: 409,
    });
    cluster.serve();
    expect(cluster.answers.get(reply)?.['data']).toEqual({ a: 'other', b: '2' });
  });

  it('gives up after as many attempts as it may make', () => {
    const reply = cluster.send('patch', 'configmaps', ['default', 'c'], { data: { b: '2' } });
    let puts = 0;
    for (let heard = cluster.open.shift(); heard !== undefined; heard = cluster.open.shift()) {
      if (heard.say === 'put') puts++;
      cluster.world.answer(
        heard,
        heard.say === 'put'
          ? {
              kind: 'Status',
              apiVersion: 'v1',
              metadata: {},
              status: 'Failure',
              message: '',
              reason: 'Conflict',
              code: 409,
            }
          : {},
      );
      cluster.hear();
    }
    expect([puts, cluster.answers.get(reply)?.['code']]).toEqual([6, 409]);
  });

  it.each([
    { why: 'merge', type: undefined, body: { data: { a: null, b: '2' } }, data: { b: '2' } },
    { why: 'JSON', type: undefined, body: [{ op: 'add', path: '/data/b', value: '2' }], data: { a: '1', b: '2' } },
    {
      why: 'by content type',
      type: 'application/merge-patch+json',
      body: new TextEncoder().encode('{"data":{"b":"2"}}'),
      data: { a: '1', b: '2' },
    },
  ])('patches: $why', ({ body, type, data }) => {
    const headers: Record<string, string> = type === undefined ? {} : { [HEADER.contentType]: type };
    expect(cluster.ask('patch', 'configmaps', ['default', 'c'], body, headers)['data']).toEqual(data);
  });

  it('refuses a strategic patch with a remedy', () => {
    const headers = { [HEADER.contentType]: 'application/strategic-merge-patch+json' };
    expect(cluster.ask('patch', 'configmaps', ['default', 'c'], {}, headers)).toMatchObject({
      code: 415,
      message: expect.stringContaining('merge patch'),
    });
  });

  it('is refused from a leader of the past', () => {
    const epoch = cluster.world.put('epochs', { metadata: { name: 'scheduler' } });
    const headers = (at: number) => ({ [HEADER.epoch]: `scheduler:${at}` });
    expect(
      cluster.ask('patch', 'configmaps', ['default', 'c'], { data: { b: '1' } }, headers(epoch - 1)),
    ).toMatchObject({ code: 409, message: expect.stringContaining('stale epoch') });
    expect(cluster.ask('patch', 'configmaps', ['default', 'c'], { data: { b: '1' } }, headers(epoch))['kind']).toBe(
      'ConfigMap',
    );
  });
});

describe('refusals name the resource with its group', () => {
  const web = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'busybox' }] } },
    },
  };
  const modified = 'the object has been modified; please apply your changes to the latest version and try again';
  const uid = 'Precondition failed: UID in precondition: other, UID in object meta:';
  const fulfilled = 'Operation cannot be fulfilled on deployments.apps "web":';
  it.each([
    ['get', 'gone', undefined, 'deployments.apps "gone" not found'],
    ['delete', 'gone', undefined, 'deployments.apps "gone" not found'],
    ['create', 'web', web, 'deployments.apps "web" already exists'],
    ['update', 'web', { ...web, metadata: { name: 'web', resourceVersion: '1' } }, `${fulfilled} ${modified}`],
    ['patch', 'web', { metadata: { uid: 'other' } }, `${fulfilled} ${uid}`],
    ['delete', 'web', { preconditions: { uid: 'other' } }, `${fulfilled} ${uid}`],
  ])('%s %s %#', (verb, name, body, message) => {
    cluster.ask('create', 'deployments', ['default', 'web'], web);
    const answer = cluster.ask(verb, 'deployments', ['default', name], body);
    expect(answer['message']).toContain(message);
    expect(answer['details']).toEqual({ name, kind: 'deployments', group: 'apps' });
  });
});

describe('subresources', () => {
  beforeEach(() => {
    cluster.ask('create', 'pods', ['default'], pod('p'));
  });

  it('status changes the status alone, the object all but the status', () => {
    const running = { ...pod('p', { labels: { x: 'y' } }), status: { phase: 'Running', podIP: '10.0.0.1' } };
    const after = cluster.ask('update', 'pods/status', ['default', 'p'], running);
    expect(after['status']).toEqual({ phase: 'Running', podIP: '10.0.0.1', qosClass: 'BestEffort' });
    expect(after.metadata.labels).toBeUndefined();
    const patched = cluster.ask('patch', 'pods', ['default', 'p'], {
      metadata: { labels: { x: 'y' } },
      status: { phase: 'Failed' },
    });
    expect([patched.metadata.labels, patched['status']]).toEqual([
      { x: 'y' },
      { phase: 'Running', podIP: '10.0.0.1', qosClass: 'BestEffort' },
    ]);
  });

  it('binds once', () => {
    const bind = (node: string) =>
      cluster.ask('create', 'pods/binding', ['default', 'p'], { target: { kind: 'Node', name: node } });
    expect(bind('n1')['status']).toBe('Success');
    expect(bind('n2')).toMatchObject({ code: 409, message: expect.stringContaining('already assigned to node "n1"') });
    const bound = cluster.ask('get', 'pods', ['default', 'p']);
    expect(bound.spec.nodeName).toBe('n1');
    expect(bound['status']).toMatchObject({ conditions: [{ type: 'PodScheduled', status: 'True' }] });
  });

  it('binds no pod with gates, and none that is leaving', () => {
    const gated = { ...pod('g'), spec: { ...pod('g').spec, schedulingGates: [{ name: 'later' }] } };
    cluster.ask('create', 'pods', ['default'], gated);
    const bind = (name: string) =>
      cluster.ask('create', 'pods/binding', ['default', name], { target: { kind: 'Node', name: 'n1' } });
    expect(bind('g')).toMatchObject({ code: 409, message: expect.stringContaining('schedulingGates') });
    cluster.ask('create', 'pods', ['default'], pod('held', { finalizers: ['a.example/b'] }));
    cluster.ask('delete', 'pods', ['default', 'held']);
    expect(bind('held')).toMatchObject({ code: 409, message: expect.stringContaining('being deleted') });
  });

  it('scales through autoscaling/v1', () => {
    const template = { metadata: { labels: { app: 'w' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'w' },
      spec: { replicas: 2, selector: { matchLabels: { app: 'w' } }, template },
    };
    expect(cluster.ask('create', 'deployments', ['default'], deployment)['kind']).toBe('Deployment');
    const scale = cluster.ask('get', 'deployments/scale', ['default', 'w']);
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 2 }, status: { replicas: 0, selector: 'app=w' } });
    expect(
      cluster.ask('update', 'deployments/scale', ['default', 'w'], { ...scale, spec: { replicas: 5 } }),
    ).toMatchObject({ spec: { replicas: 5 } });
    expect(cluster.ask('patch', 'deployments/scale', ['default', 'w'], { spec: { replicas: 1 } })).toMatchObject({
      spec: { replicas: 1 },
    });
    expect(cluster.ask('patch', 'deployments/scale', ['default', 'w'], { spec: { replicas: -1 } })['code']).toBe(422);
    for (const [body, message] of [
      [undefined, 'the body is empty; send a Scale object'],
      [[], 'the body must be a Scale object'],
      [{ kind: 'Deployment' }, 'Scale objects'],
      [{ metadata: 'w', spec: { replicas: 1 } }, 'metadata must be an object'],
      [{ metadata: { name: 'v' }, spec: { replicas: 1 } }, 'does not match the name on the request (w)'],
      [{}, 'spec.replicas: Required value'],
      [{ spec: { replica: 1 } }, 'spec.replica: '],
      [{ spec: { replicas: 1.5 } }, 'spec.replicas: '],
    ] as const) {
      const answer = cluster.ask('update', 'deployments/scale', ['default', 'w'], body);
      expect(answer, JSON.stringify(body)).toMatchObject({ message: expect.stringContaining(message) });
    }
    expect(cluster.ask('get', 'deployments', ['default', 'w'])).toMatchObject({
      metadata: { generation: 3 },
      spec: { replicas: 1 },
    });
  });

  it("asks the node of a pod for its container's log", () => {
    expect(cluster.ask('get', 'pods/log', ['default', 'p'])).toMatchObject({
      code: 400,
      message: expect.stringContaining('not assigned to a node yet'),
    });
    cluster.ask('create', 'pods/binding', ['default', 'p'], { target: { name: 'n1' } });
    expect(cluster.ask('get', 'pods/log', ['default', 'p'], { container: 'x' })).toMatchObject({
      code: 400,
      message: expect.stringContaining('container x is not valid'),
    });
    const reply = cluster.send('get', 'pods/log', ['default', 'p'], { tailLines: 1 });
    cluster.world.answer(cluster.open.shift() as Heard, {});
    cluster.hear();
    const [asked] = cluster.open.splice(0);
    expect(asked).toMatchObject({
      subject: 'troupe.node.n1.logs',
      body: { namespace: 'default', pod: 'p', container: 'c', tailLines: 1 },
    });
    cluster.world.answer(asked as Heard, 'timeout');
    cluster.hear();
    expect(cluster.answers.get(reply)).toMatchObject({
      code: 504,
      message: expect.stringContaining('kubelet of node "n1"'),
    });
  });
});

describe('delete', () => {
  it('is graceful for a pod on a node, and final at grace 0', () => {
    cluster.ask('create', 'pods', ['default'], pod('p'));
    cluster.ask('create', 'pods/binding', ['default', 'p'], { target: { name: 'n1' } });
    expect(cluster.ask('delete', 'pods', ['default', 'p'])).toMatchObject({
      kind: 'Pod',
      metadata: { deletionGracePeriodSeconds: 30 },
    });
    expect(cluster.ask('delete', 'pods', ['default', 'p'], { gracePeriodSeconds: 0 })).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'p', kind: 'pods' },
    });
    expect(cluster.ask('delete', 'pods', ['default', 'p'])['code']).toBe(404);
  });

  it('waits for finalizers; the write that takes the last one away removes the object', () => {
    cluster.ask('create', 'configmaps', ['default'], configMap('c', {}, { finalizers: ['example.com/x'] }));
    expect(cluster.ask('delete', 'configmaps', ['default', 'c'])).toMatchObject({
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    expect(
      cluster.ask('patch', 'configmaps', ['default', 'c'], {
        metadata: { finalizers: ['example.com/x', 'example.com/y'] },
      })['code'],
    ).toBe(422);
    const last = cluster.ask('patch', 'configmaps', ['default', 'c'], { metadata: { finalizers: null } });
    expect([last['kind'], (last as KubeObject).metadata?.finalizers]).toEqual(['ConfigMap', undefined]);
    expect(cluster.ask('get', 'configmaps', ['default', 'c'])['code']).toBe(404);
  });

  it('a namespace goes when its last finalizer does', () => {
    cluster.ask('create', 'namespaces', [], { metadata: { name: 'team' } });
    const unnamed = cluster.ask('update', 'namespaces/finalize', ['', 'team'], {
      metadata: { name: 'team' },
      spec: { finalizers: ['mine'] },
    });
    expect(unnamed['message']).toBe(
      'Namespace "team" is invalid: spec.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    );
    expect(cluster.ask('delete', 'namespaces', ['', 'team'])).toMatchObject({
      status: { phase: 'Terminating' },
      spec: { finalizers: ['kubernetes'] },
    });
    cluster.ask('update', 'namespaces/finalize', ['', 'team'], {
      metadata: { name: 'team' },
      spec: { finalizers: [] },
    });
    expect(cluster.ask('get', 'namespaces', ['', 'team'])['code']).toBe(404);
    expect(cluster.ask('delete', 'namespaces', ['', 'default'])['code']).toBe(403);
  });

  it('deletes a collection by selector', () => {
    for (const name of ['a', 'b', 'c'])
      cluster.ask('create', 'configmaps', ['default'], configMap(name, {}, { labels: { odd: String(name !== 'b') } }));
    const gone = cluster.ask('delete', 'configmaps', ['default'], { labelSelector: 'odd=true' });
    expect(gone.items.map((one: KubeObject) => one.metadata?.name)).toEqual(['a', 'c']);
    expect(cluster.ask('list', 'configmaps', ['default']).items).toHaveLength(1);
  });
});

describe('list', () => {
  it('pages show one moment, whatever happens in between', () => {
    for (const name of ['a', 'b', 'c', 'd'])
      cluster.ask('create', 'configmaps', ['default'], configMap(name, {}, { labels: { l: name } }));
    const first = cluster.ask('list', 'configmaps', ['default'], { limit: 2 });
    expect(first).toMatchObject({ kind: 'ConfigMapList', metadata: { resourceVersion: '5', remainingItemCount: 2 } });
    cluster.ask('delete', 'configmaps', ['default', 'c']);
    cluster.ask('create', 'configmaps', ['default'], configMap('cc'));
    const second = cluster.ask('list', 'configmaps', ['default'], {
      limit: 2,
      continue: (first.metadata as { continue?: string }).continue,
    });
    expect(second.items.map((one: KubeObject) => one.metadata?.name)).toEqual(['c', 'd']);
    expect(second.metadata).toEqual({ resourceVersion: '5' });
    expect(cluster.ask('list', 'configmaps', [''], { labelSelector: 'l in (a,d)' }).items).toHaveLength(2);
    expect(cluster.ask('list', 'configmaps', [''], { fieldSelector: 'metadata.name=cc' }).items).toHaveLength(1);
    expect(cluster.ask('list', 'configmaps', [''], { continue: 'x' })['code']).toBe(400);
  });
});

describe('a pod that names a service account', () => {
  const under = (account: object, name = 'p') => {
    const { spec, ...rest } = pod(name);
    return { ...rest, spec: { ...spec, ...account } };
  };
  const refusal = {
    code: 403,
    reason: 'Forbidden',
    message:
      'pods "p" is forbidden: error looking up service account default/nosuch: serviceaccount "nosuch" not found',
  };

  it.each([
    { serviceAccountName: 'nosuch' },
    { serviceAccount: 'nosuch' },
    { serviceAccountName: '', serviceAccount: 'nosuch' },
  ])('is refused when that is not there: %o', (account) => {
    const of = under(account);
    expect(cluster.ask('create', 'pods', ['default'], of)).toMatchObject(refusal);
    expect(cluster.ask('apply', 'pods', ['default', 'p'], of)).toMatchObject(refusal);
    const { name: _, ...metadata } = { ...of.metadata, generateName: 'p' };
    expect(cluster.ask('create', 'pods', ['default'], { ...of, metadata })).toMatchObject(refusal);
    expect(cluster.world.cache.list('pods')).toEqual([]);
    cluster.ask('create', 'serviceaccounts', ['default'], { metadata: { name: 'nosuch' } });
    expect(cluster.ask('create', 'pods', ['default'], of)).toMatchObject({ spec: { serviceAccountName: 'nosuch' } });
  });

  it('is taken when that was made a moment ago, which this server has not heard of yet', () => {
    const reply = cluster.send('create', 'pods', ['default'], under({ serviceAccountName: 'robot' }));
    cluster.world.put('serviceaccounts', { metadata: { name: 'robot', namespace: 'default' } } as KubeObject);
    cluster.world.settle();
    cluster.serve();
    expect(cluster.answers.get(reply)).toMatchObject({ kind: 'Pod', spec: { serviceAccountName: 'robot' } });
  });

  it('is taken when that stands before it in its manifest, and refused when it stands in another namespace', () => {
    cluster.ask('create', 'namespaces', [], { metadata: { name: 'other' } });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } };
    const items = [account, under({ serviceAccountName: 'robot' }), under({ serviceAccountName: 'nosuch' }, 'q')];
    const bytes = new TextEncoder().encode(JSON.stringify({ kind: 'List', items }));
    for (const [namespace, outcomes] of [
      ['default', ['created', 'created', undefined]],
      ['other', ['created', 'created', undefined]],
    ] as const) {
      cluster.world.call(SUBJECTS.apply, { caller: 'alice', namespace }, bytes, { reply: `_INBOX.alice.${namespace}` });
      cluster.serve();
      const applied = (cluster.answers.get(`_INBOX.alice.${namespace}`)?.items ?? []) as { outcome?: string }[];
      expect(applied.map(({ outcome }) => outcome)).toEqual(outcomes);
    }
    cluster.ask('delete', 'serviceaccounts', ['other', 'robot']);
    expect(cluster.ask('create', 'pods', ['other'], under({ serviceAccountName: 'robot' }, 'r'))['code']).toBe(403);
    const again = cluster.ask('apply', 'pods', ['other', 'p'], under({ serviceAccountName: 'robot' }));
    expect(again.items).toMatchObject([{ outcome: 'unchanged' }]); // its account went later
  });

  it.each([{}, { serviceAccountName: 'default' }, { serviceAccountName: '' }, { serviceAccountName: null }])(
    'waits for no account that every namespace gets a moment after it is made: %j',
    (account) => {
      expect(cluster.ask('create', 'pods', ['default'], under(account))['kind']).toBe('Pod');
    },
  );

  it.each([{ serviceAccountName: 5 }, { serviceAccountName: 'No Such' }])(
    'is refused what is no name: %j',
    (account) => {
      expect(cluster.ask('create', 'pods', ['default'], under(account))['code']).toBe(422);
    },
  );
});

describe('apply', () => {
  const apply = (data: object, more: object = {}) =>
    cluster.ask('apply', 'configmaps', ['default', 'c'], configMap('c', data, more));
  it('creates, changes, leaves alone; removes what it no longer says, keeps what others said', () => {
    expect(apply({ a: '1', b: '2' }).items).toMatchObject([{ kind: 'ConfigMap', name: 'c', outcome: 'created' }]);
    expect(apply({ a: '1', b: '2' }).items).toMatchObject([{ outcome: 'unchanged' }]);
    cluster.ask('patch', 'configmaps', ['default', 'c'], { data: { other: '3' } });
    expect(apply({ a: '2' }).items).toMatchObject([
      { outcome: 'configured', object: { data: { a: '2', other: '3' } } },
    ]);
  });

  it('a manifest is answered whole, however many of its documents are refused at once', () => {
    const made = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
    const documents = [made('a'), ...Array<string>(3_000).fill('kind: Unknown\n'), made('b')];
    const bytes = new TextEncoder().encode(documents.join('---\n'));
    cluster.world.call(SUBJECTS.apply, { caller: 'alice', namespace: '' }, bytes, { reply: '_INBOX.alice.whole' });
    cluster.serve();
    const items = (cluster.answers.get('_INBOX.alice.whole')?.items ?? []) as readonly object[];
    expect(items).toHaveLength(documents.length);
    expect([items[0], items[1], items.at(-1)]).toMatchObject([
      { name: 'a', outcome: 'created' },
      { kind: 'Unknown', status: { code: 400 } },
      { name: 'b', outcome: 'created' },
    ]);
  });

  it('warns of what is taken and not acted upon, where it changed something', () => {
    const labelled = (name: string, image: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: {
        containers: [{ name: 'main', image, securityContext: { seLinuxOptions: { level: 's0' } } }],
        hostUsers: false,
      },
    });
    const warnings = [
      'spec.hostUsers is not acted upon yet: the pod has no user namespace of its own',
      'spec.containers[0].securityContext.seLinuxOptions is not acted upon yet: no label is set',
    ];
    const applyPod = (image: string) => cluster.ask('apply', 'pods', ['default', 'p'], labelled('p', image)).items;
    expect(applyPod('web:1')).toMatchObject([{ outcome: 'created', warnings }]);
    expect(applyPod('web:2')).toMatchObject([{ outcome: 'configured', warnings }]);
    for (const item of applyPod('web:2') as readonly object[]) expect(item).not.toHaveProperty('warnings');

    const documents = [labelled('q', 'web:1'), configMap('c', {}), labelled('p', 'web:2'), { kind: 'Pod' }];
    const bytes = new TextEncoder().encode(JSON.stringify({ kind: 'List', items: documents }));
    cluster.world.call(SUBJECTS.apply, { caller: 'alice', namespace: '' }, bytes, { reply: '_INBOX.alice.warned' });
    cluster.serve();
    const items = cluster.answers.get('_INBOX.alice.warned')?.items as readonly ApplyItem[];
    expect(items.map((item) => item.warnings)).toEqual([warnings, undefined, undefined, undefined]);
  });

  it('takes manifests of several documents, each with its own outcome', () => {
    const manifest = (text: string, namespace: string): Body => {
      const reply = '_INBOX.alice.m';
      cluster.world.call(SUBJECTS.apply, { caller: 'alice', namespace }, new TextEncoder().encode(text), { reply });
      cluster.serve();
      return cluster.answers.get(reply) as Body;
    };
    const documents = [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1"}',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: elsewhere}',
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: c}',
      'apiVersion: v2\nkind: ConfigMap\nmetadata: {name: d}',
      'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: e}',
      'apiVersion: v1\nkind: Podd\nmetadata: {name: f}',
    ].join('\n---\n');
    expect(manifest(documents, 'default').items).toMatchObject([
      { kind: 'ConfigMap', namespace: 'default', name: 'a', outcome: 'created' },
      { name: 'b', status: { code: 403 } },
      { name: 'c', status: { code: 403 } },
      { name: 'd', status: { code: 400 } },
      {
        name: 'e',
        status: {
          code: 400,
          message: expect.stringContaining(
            'no matches for kind "Widget" in version "example.com/v1"; known: Namespace, Node',
          ) as string,
        },
      },
      { name: 'f', status: { message: 'no matches for kind "Podd" in version "v1"; did you mean "Pod"?' } },
    ]);
    expect(manifest(documents, '').items).toMatchObject([
      { name: 'a', outcome: 'unchanged' },
      { name: 'b', status: { code: 404, message: 'namespaces "elsewhere" not found' } },
      { name: 'c', outcome: 'created' },
      { name: 'd', status: { code: 400 } },
      { name: 'e', status: { code: 400 } },
      { name: 'f', status: { code: 400 } },
    ]);
    expect(manifest('a: [', 'default')).toMatchObject({ kind: 'Status', code: 400 });
  });
});
