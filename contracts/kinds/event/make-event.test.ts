import { expect, it } from 'vitest';
import { admit } from '../admit.ts';
import { eventKind } from './event.ts';
import { makeEvent } from './make-event.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'u1' } };
const note = { type: 'Warning', reason: 'FailedScheduling', message: '0/1 nodes are available' } as const;

it('tells a note about an object', () => {
  expect(makeEvent(pod, note, 'scheduler', 0)).toMatchObject({
    metadata: { name: expect.stringMatching(/^web\.[a-z0-9]{12}$/), namespace: 'shop' },
    involvedObject: { kind: 'Pod', name: 'web', namespace: 'shop', uid: 'u1' },
    reason: 'FailedScheduling',
    firstTimestamp: '1970-01-01T00:00:00Z',
    count: 1,
  });
});

it('has one name for one note about one object, and another for any other', () => {
  const name = (of: typeof pod, message: string, now: number) =>
    makeEvent(of, { ...note, message }, 's', now).metadata.name;
  expect(name(pod, 'a', 1)).toBe(name(pod, 'a', 99_000));
  expect(name(pod, 'a', 1)).not.toBe(name(pod, 'b', 1));
  expect(name(pod, 'a', 1)).not.toBe(name({ ...pod, metadata: { ...pod.metadata, uid: 'u2' } }, 'a', 1));
});

it.each(['a'.repeat(253), `${'a'.repeat(239)}-${'b'.repeat(13)}`, `${'a.'.repeat(126)}b`])(
  'of an object with a long name too there are events (%s)',
  (name) => {
    const event = makeEvent({ ...pod, metadata: { ...pod.metadata, name } }, note, 'scheduler', 0);
    expect(event.involvedObject.name).toBe(name);
    expect(admit(eventKind, event, { operation: 'create' }).status).toBeUndefined();
  },
);

it('tells the containers of a pod apart', () => {
  const [a, b] = ['a', 'b'].map((name) =>
    makeEvent(pod, { ...note, fieldPath: `spec.containers{${name}}` }, 'kubelet', 0),
  );
  expect(a?.involvedObject.fieldPath).toBe('spec.containers{a}');
  expect(a?.metadata.name).not.toBe(b?.metadata.name);
});

it('puts events of cluster-scoped objects into the default namespace', () => {
  expect(makeEvent({ kind: 'Node', metadata: { name: 'n1', uid: 'n' } }, note, 's', 0).metadata.namespace).toBe(
    'default',
  );
});
