import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Deployment } from '../../../contracts/kinds/kinds.ts';
import { planSample } from './plan-sample.ts';

const manifest = parse(readFileSync(new URL('../../examples/hello.yaml', import.meta.url), 'utf8')) as Deployment;
const container = (sample: Deployment) => sample.spec?.template.spec?.containers[0];

it.each([
  {
    why: 'nothing was pulled: the image made here',
    pulled: undefined,
    image: 'troupe/sample:local',
    command: undefined,
  },
  {
    why: 'an image was pulled: it is told what to serve',
    pulled: { image: 'busybox:stable', script: 'httpd -f' },
    image: 'busybox:stable',
    command: ['/bin/sh', '-c', 'httpd -f'],
  },
])('$why', ({ pulled, image, command }) => {
  const before = structuredClone(manifest);
  const planned = planSample(manifest, pulled);
  expect([container(planned)?.image, container(planned)?.command]).toEqual([image, command]);
  expect(container(planned)?.ports).toEqual(container(manifest)?.ports);
  expect(manifest).toEqual(before);
});
