import { describe, expect, it } from 'vitest';
import type { DeleteOptions } from '../../../contracts/messages/api.ts';
import type { Obj } from '../object.ts';
import { isFinished, planDelete } from './plan-delete.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const pod = (metadata: object, spec: object = { nodeName: 'n' }, status: object = { phase: 'Running' }): Obj =>
  ({ metadata: { name: 'p', uid: 'u', ...metadata }, spec, status }) as unknown as Obj;
const dying = { deletionTimestamp: '2026-01-01T00:00:20Z', deletionGracePeriodSeconds: 30 };
const put = (metadata: object) => ({ type: 'put', metadata });

describe('planDelete', () => {
  it.each<{ why: string; resource?: string; object: Obj; options?: DeleteOptions; plan: unknown }>([
    {
      why: 'a running pod gets 30 seconds',
      object: pod({}),
      plan: put({ deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 }),
    },
    {
      why: 'its own grace period wins over the default',
      object: pod({}, { nodeName: 'n', terminationGracePeriodSeconds: 5 }),
      plan: put({ deletionTimestamp: '2026-01-01T00:00:05Z', deletionGracePeriodSeconds: 5 }),
    },
    {
      why: 'a grace period for ever ends with the years that have a name',
      object: pod({}, { nodeName: 'n', terminationGracePeriodSeconds: Number.MAX_SAFE_INTEGER }),
      plan: put({ deletionTimestamp: '9999-12-31T23:59:59Z', deletionGracePeriodSeconds: Number.MAX_SAFE_INTEGER }),
    },
    {
      why: 'the asked grace period wins over its own',
      object: pod({}, { nodeName: 'n', terminationGracePeriodSeconds: 5 }),
      options: { gracePeriodSeconds: 7 },
      plan: put({ deletionTimestamp: '2026-01-01T00:00:07Z', deletionGracePeriodSeconds: 7 }),
    },
    { why: 'grace 0 removes at once', object: pod({}), options: { gracePeriodSeconds: 0 }, plan: { type: 'purge' } },
    { why: 'an unassigned pod goes at once', object: pod({}, {}), plan: { type: 'purge' } },
    {
      why: 'a finished pod goes at once',
      object: pod({}, { nodeName: 'n' }, { phase: 'Failed' }),
      plan: { type: 'purge' },
    },
    { why: 'asking again changes nothing', object: pod(dying), plan: { type: 'keep' } },
    { why: 'longer is not possible', object: pod(dying), options: { gracePeriodSeconds: 60 }, plan: { type: 'keep' } },
    {
      why: 'shorter is',
      object: pod(dying),
      options: { gracePeriodSeconds: 10 },
      plan: put({ deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 10 }),
    },
    {
      why: 'the kubelet ends it with grace 0',
      object: pod(dying),
      options: { gracePeriodSeconds: 0 },
      plan: { type: 'purge' },
    },
    {
      why: 'a finalizer holds it',
      resource: 'configmaps',
      object: pod({ finalizers: ['a/b'], generation: 1 }),
      plan: put({
        finalizers: ['a/b'],
        deletionTimestamp: '2026-01-01T00:00:00Z',
        deletionGracePeriodSeconds: 0,
        generation: 2,
      }),
    },
    {
      why: 'foreground leaves the work to the garbage collector',
      resource: 'replicasets',
      object: pod({}),
      options: { propagationPolicy: 'Foreground' },
      plan: put({
        finalizers: ['foregroundDeletion'],
        deletionTimestamp: '2026-01-01T00:00:00Z',
        deletionGracePeriodSeconds: 0,
      }),
    },
    {
      why: 'background takes an orphan finalizer away',
      resource: 'replicasets',
      object: pod({ finalizers: ['orphan'], deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 }),
      options: { propagationPolicy: 'Background' },
      plan: { type: 'purge' },
    },
    {
      why: 'a wrong uid is a conflict',
      object: pod({}),
      options: { preconditions: { uid: 'other' } },
      plan: {
        type: 'refuse',
        message:
          'Operation cannot be fulfilled on pods "p": Precondition failed: UID in precondition: other, UID in object meta: u',
      },
    },
    {
      why: 'a wrong resourceVersion is a conflict, of a resource with its group',
      resource: 'deployments.apps',
      object: pod({ resourceVersion: '7' }),
      options: { preconditions: { resourceVersion: '6' } },
      plan: {
        type: 'refuse',
        message:
          'Operation cannot be fulfilled on deployments.apps "p": Precondition failed: ResourceVersion in precondition: 6, ResourceVersion in object meta: 7',
      },
    },
    {
      why: 'default stays',
      resource: 'namespaces',
      object: pod({ name: 'default' }),
      plan: { type: 'refuse', message: 'namespaces "default" is forbidden: this namespace may not be deleted' },
    },
    {
      why: 'a namespace with finalizers terminates',
      resource: 'namespaces',
      object: pod({}, { finalizers: ['kubernetes'] }, { phase: 'Active' }),
      plan: put({ deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 }),
    },
  ])('$why', ({ resource = 'pods', object, options = {}, plan }) => {
    const found = planDelete(resource, object, options, NOW);
    if (found.type === 'put') {
      expect({ type: 'put', metadata: found.object.metadata }).toEqual(
        put({ ...object.metadata, ...(plan as { metadata: object }).metadata }),
      );
      if (resource === 'namespaces') expect(found.object.status).toEqual({ phase: 'Terminating' });
    } else if (found.type === 'refuse') expect({ type: 'refuse', message: found.status.message }).toEqual(plan);
    else expect(found).toEqual(plan);
  });
});

it('is finished when nothing holds it', () => {
  expect(isFinished('pods', pod({}))).toBe(false);
  expect(isFinished('pods', pod(dying))).toBe(false);
  expect(isFinished('pods', pod({ ...dying, deletionGracePeriodSeconds: 0 }))).toBe(true);
  expect(isFinished('pods', pod({ ...dying, deletionGracePeriodSeconds: 0, finalizers: ['a'] }))).toBe(false);
});
