import { expect, it } from 'vitest';
import { aboutOf, essence } from './essence.ts';
import { standIns } from './plan-stand-ins.ts';

const nothing = {
  names: new Map(),
  nodes: new Set<string>(),
  templateHashes: new Set<string>(),
  uids: new Set<string>(),
  ids: new Map(),
};
const made = {
  ...nothing,
  names: new Map(['web-zzzzz', 'web-bbbbb'].map((name) => [name, { namespace: 'a', begins: 'web-' }])),
  ids: new Map([['a-2', { pod: 'web-zzzzz', name: 'main', attempt: 0 }]]),
};
/** The first of whom is spoken is `web-zzzzz`. */
const put = standIns(made, nothing, ['web-zzzzz', 'web-bbbbb']);

it.each([
  {
    why: 'a heartbeat',
    body: { node: 'a', sentAt: 1_795_851_964_132, runtimeReady: true, pods: 4 },
    is: { node: 'a', sentAt: '(moment)', runtimeReady: true, pods: 4 },
  },
  {
    why: 'what a node is told',
    body: {
      epoch: 4,
      begunAt: 1_795_851_964_934,
      counter: 2,
      changed: [
        { pod: { metadata: { name: 'web-bbbbb', uid: 'u', resourceVersion: '31' } }, secrets: { 'a/db': '12' } },
      ],
      removed: [],
    },
    is: {
      epoch: '(count)',
      begunAt: '(moment)',
      counter: '(count)',
      changed: [
        {
          pod: { metadata: { name: 'web-#2', uid: '(uid)', resourceVersion: '(revision)' } },
          secrets: { 'a/db': '(revision)' },
        },
      ],
      removed: [],
    },
  },
  { why: 'a digest', body: { node: 'a', digest: 'k3x' }, is: { node: 'a', digest: '(digest)' } },
  {
    why: 'ids of sandboxes and containers',
    body: { sandboxId: 'a-9', containerId: 'a-2', status: [{ containerID: 'docker://a-2' }] },
    is: { sandboxId: '(id)', containerId: 'web-#1/main/0', status: [{ containerID: 'docker://web-#1/main/0' }] },
  },
  {
    why: 'addresses of pods, not of nodes',
    body: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], hostIP: '192.0.2.2', hostIPs: [{ ip: '192.0.2.2' }] },
    is: { podIP: '(address)', podIPs: ['(address)'], hostIP: '192.0.2.2', hostIPs: [{ ip: '192.0.2.2' }] },
  },
  {
    why: 'an Event: its name, its moments, how long a pull took',
    body: {
      kind: 'Event',
      metadata: { name: 'web-zzzzz.mjmtw6qr48vp', namespace: 'a' },
      message: 'Successfully pulled image "nginx:1" in 1.2s (1.4s including waiting). Image size: 7 bytes.',
      eventTime: '2026-11-28T07:46:05.839000Z',
    },
    is: {
      kind: 'Event',
      metadata: { name: 'web-#1.#', namespace: 'a' },
      message: 'Successfully pulled image "nginx:1" in (time). Image size: 7 bytes.',
      eventTime: '(moment)',
    },
  },
  {
    why: 'what is in the order of its names stays so',
    body: { items: [{ metadata: { name: 'web-bbbbb' } }, { metadata: { name: 'web-zzzzz' } }] },
    is: { items: [{ metadata: { name: 'web-#1' } }, { metadata: { name: 'web-#2' } }] },
  },
  {
    why: 'what is in another order stays in that',
    body: {
      items: [{ metadata: { name: 'web-zzzzz' } }, { metadata: { name: 'web-bbbbb' } }, { metadata: { name: 'a' } }],
    },
    is: { items: [{ metadata: { name: 'web-#1' } }, { metadata: { name: 'web-#2' } }, { metadata: { name: 'a' } }] },
  },
  {
    why: 'that something is there or not, or is asked for as it is, stays',
    body: { metadata: { deletionTimestamp: '2026-11-28T07:46:05Z' }, resourceVersion: '0' },
    is: { metadata: { deletionTimestamp: '(moment)' }, resourceVersion: '0' },
  },
  {
    why: 'what people chose stays, whatever it is called',
    body: {
      data: { uid: '1', startTime: '2026-11-28T07:46:05Z', host: 'web-zzzzz' },
      labels: { digest: 'x' },
      epoch: 3,
    },
    is: { data: { uid: '1', startTime: '2026-11-28T07:46:05Z', host: 'web-#1' }, labels: { digest: 'x' }, epoch: 3 },
  },
  {
    why: 'but when a rollout was asked for',
    body: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-28T07:46:05+01:00', team: 'uid' } },
    is: { annotations: { 'kubectl.kubernetes.io/restartedAt': '(moment)', team: 'uid' } },
  },
])('$why', ({ body, is }) => {
  expect(essence(body, put)).toEqual(is);
});

it.each([
  { why: 'a sandbox', body: { pod: { namespace: 'a', name: 'web-zzzzz' }, hostname: 'x' }, about: 'a/web-#1' },
  { why: 'a container', body: { containerId: 'a-2' }, about: 'web-#1/main/0' },
  { why: 'an Event', body: { involvedObject: { namespace: 'a', name: 'web-bbbbb' } }, about: 'a/web-#2' },
  { why: 'an image', body: { image: 'nginx:1' }, about: '' },
  { why: 'nothing', body: undefined, about: '' },
])('of whom $why is', ({ body, about }) => {
  expect(aboutOf(body, put)).toBe(about);
});
