import { expect, it } from 'vitest';
import { EVICTION_HARD } from '../../../contracts/eviction/thresholds.ts';
import { limitsAsEnv, nodeLimits } from './eviction-options.ts';

const IMAGES = { highPercent: 85, lowPercent: 80 };

it("has Kubernetes' thresholds by default", () => {
  expect(nodeLimits({}, {})).toEqual({
    eviction: { hard: EVICTION_HARD },
    kubeReserved: {},
    systemReserved: {},
    imageCollection: IMAGES,
  });
});

it('reads options, else the environment, which passes them on unchanged', () => {
  const given = { evictionHard: 'memory.available<1Gi', kubeReserved: 'cpu=100m,memory=1Gi', maxPods: '20' };
  const read = nodeLimits(given, { TROUPE_MAX_PODS: '10' });
  expect(read).toEqual({
    eviction: { hard: 'memory.available<1Gi' },
    kubeReserved: { cpu: '100m', memory: '1Gi' },
    systemReserved: {},
    imageCollection: IMAGES,
    capacity: { pods: '20' },
  });
  expect(nodeLimits({}, limitsAsEnv(given))).toEqual(read);
});

it.each([
  [{ evictionHard: 'memory.free<1Gi' }, 'unsupported eviction signal memory.free'],
  [{ evictionHard: 'memory.available<lots' }, 'invalid eviction threshold'],
  [{ evictionSoft: 'memory.available<1Gi' }, 'grace period must be specified for the soft eviction threshold'],
  [{ kubeReserved: 'gpu=1' }, '--kube-reserved has "gpu=1"'],
  [{ imageGcLowThreshold: '90' }, '--image-gc-high-threshold is 85'],
  [{ maxPods: 'many' }, '--max-pods is "many"'],
])('refuses %o', (given, words) => {
  expect(() => nodeLimits(given, {})).toThrow(words);
});
