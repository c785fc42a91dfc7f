import { describe, expect, it } from 'vitest';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { podReferences } from '../../contracts/kinds/pod/pod-references.ts';
import { type PodChange, planDispatch } from './plan-dispatch.ts';

const pod = (uid: string, nodeName?: string): Pod => ({
  metadata: { uid, namespace: 'd', name: 'p' },
  spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
});
const brief = (changes: readonly PodChange[]): string[] =>
  [...planDispatch(changes)].flatMap(([node, { changed, removed }]) => [
    ...removed.map(({ uid }) => `${node} -${uid}`),
    ...changed.map(({ metadata }) => `${node} +${metadata?.uid}`),
  ]);

describe('planDispatch', () => {
  it.each([
    { why: 'a pod without a node concerns nobody', changes: [{ after: pod('u') }], told: [] },
    { why: 'an empty node is none', changes: [{ after: pod('u', '') }], told: [] },
    { why: 'a bound pod', changes: [{ before: pod('u'), after: pod('u', 'a') }], told: ['a +u'] },
    { why: 'a pod first heard of bound', changes: [{ after: pod('u', 'a') }], told: ['a +u'] },
    { why: 'a changed pod', changes: [{ before: pod('u', 'a'), after: pod('u', 'a') }], told: ['a +u'] },
    { why: 'a deleted pod', changes: [{ before: pod('u', 'a') }], told: ['a -u'] },
    { why: 'a pod deleted before it had a node', changes: [{ before: pod('u') }], told: [] },
    { why: 'a pod that moved', changes: [{ before: pod('u', 'a'), after: pod('u', 'b') }], told: ['a -u', 'b +u'] },
    {
      why: 'a name taken over on the same node',
      changes: [{ before: pod('u', 'a'), after: pod('v', 'a') }],
      told: ['a -u', 'a +v'],
    },
    { why: 'a name taken over, not bound yet', changes: [{ before: pod('u', 'a'), after: pod('v') }], told: ['a -u'] },
    {
      why: 'several at once, by node',
      changes: [{ after: pod('u', 'a') }, { after: pod('v', 'b') }, { after: pod('w', 'a') }],
      told: ['a +u', 'a +w', 'b +v'],
    },
  ])('$why', ({ changes, told }) => expect(brief(changes)).toEqual(told));
});

describe('podReferences', () => {
  it('finds what env, envFrom, volumes and pull secrets name, each once', () => {
    const found = podReferences({
      spec: {
        imagePullSecrets: [{ name: 'pull' }],
        initContainers: [{ name: 'i', envFrom: [{ configMapRef: { name: 'c2' } }, { secretRef: { name: 's2' } }] }],
        containers: [
          {
            name: 'c',
            env: [
              { name: 'A', valueFrom: { configMapKeyRef: { name: 'c1', key: 'k' } } },
              { name: 'B', valueFrom: { secretKeyRef: { name: 's1', key: 'k' } } },
              { name: 'C', value: 'plain' },
            ],
            envFrom: [{ configMapRef: { name: 'c1' } }],
          },
        ],
        volumes: [
          { name: 'v1', configMap: { name: 'c3' } },
          { name: 'v2', secret: { secretName: 's3' } },
          { name: 'v3', projected: { sources: [{ configMap: { name: 'c4' } }, { secret: { name: 's4' } }] } },
          { name: 'v4', emptyDir: {} },
        ],
      },
    });
    expect(found).toEqual({ configMaps: ['c1', 'c2', 'c3', 'c4'], secrets: ['pull', 's1', 's2', 's3', 's4'] });
  });
});
