import { expect, it } from 'vitest';
import { readStored } from './read-stored.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'a' } };

it.each([
  { what: 'an object of its key', at: 'pods.a.web', found: pod, foreign: undefined },
  { what: 'a deletion', at: 'pods.a.web', found: undefined, foreign: undefined },
  { what: 'an epoch', at: 'epochs._.x', found: { kind: 'Epoch', metadata: { name: 'x' } }, foreign: undefined },
  { what: 'of another name', at: 'pods.a.other', found: pod, foreign: /a\/web/ },
  { what: 'of another namespace', at: 'pods.b.web', found: pod, foreign: /a\/web/ },
  { what: 'of another kind', at: 'configmaps.a.web', found: pod, foreign: /kind is Pod, not ConfigMap/ },
  {
    what: "JetStream's answer",
    at: 'pods.a.web',
    found: { type: 'io.nats.jetstream.api.v1.account_info_response' },
    foreign: /kind is undefined/,
  },
  { what: 'no object', at: 'pods.a.web', found: null, foreign: /not an object/ },
  { what: 'no key', at: 'web', found: pod, foreign: /not a store key/ },
])('what lies under a key is taken for its object or for nothing: $what', ({ at, found, foreign }) => {
  const stored = readStored(at, Buffer.from(found === undefined ? '' : JSON.stringify(found)));
  if (foreign === undefined) expect(stored).toEqual(found === undefined ? {} : { object: found });
  else {
    expect(stored.object).toBeUndefined();
    expect(stored.foreign).toMatch(foreign);
  }
});

it('bytes that are no JSON are nothing', () => {
  expect(readStored('pods.a.web', Uint8Array.of(0xff, 0xfe)).foreign).toBeDefined();
  expect(readStored('pods.a.web', Buffer.from('{')).foreign).toBeDefined();
});
