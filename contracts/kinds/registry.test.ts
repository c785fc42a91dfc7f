import { expect, it } from 'vitest';
import { KINDS, kindByResource, kindOf } from './registry.ts';

it('finds kinds by what objects say of themselves', () => {
  expect(kindOf('apps/v1', 'Deployment')?.resource).toBe('deployments');
  expect(kindOf('events.k8s.io/v1', 'Event')).toBe(kindOf('v1', 'Event'));
  expect(kindOf('v1', 'Deployment')).toBeUndefined();
  expect(kindByResource('pods/status')?.kind).toBe('Pod');
  expect(kindByResource('constructor')).toBeUndefined();
});

it('no two kinds share a word', () => {
  const words = KINDS.flatMap((kind) => [...new Set([kind.resource, kind.singular, ...kind.shortNames])]);
  expect(new Set(words).size).toBe(words.length);
});
