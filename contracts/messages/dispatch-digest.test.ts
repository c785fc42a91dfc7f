import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dispatchDigest } from './dispatch-digest.ts';
import type { DispatchedPod } from './node.ts';

const podArb = fc.record({
  pod: fc.record({ metadata: fc.record({ uid: fc.string(), resourceVersion: fc.string() }) }),
  secrets: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
});

it('does not depend on order', () => {
  fc.assert(
    fc.property(fc.array(podArb), (pods: readonly DispatchedPod[]) => {
      expect(dispatchDigest([...pods].reverse())).toBe(dispatchDigest(pods));
    }),
  );
});

it('differs when a version of the pod, of a ConfigMap or of a Secret differs', () => {
  const of = (version: string, map: string, secret: string): string =>
    dispatchDigest([
      {
        pod: { metadata: { uid: 'u', resourceVersion: version } } as DispatchedPod['pod'],
        configMaps: { 'd/c': { resourceVersion: map } },
        secrets: { 'd/s': secret },
      },
    ]);
  const all = [of('1', '1', '1'), of('2', '1', '1'), of('1', '2', '1'), of('1', '1', '2'), dispatchDigest([])];
  expect(new Set(all).size).toBe(all.length);
});
