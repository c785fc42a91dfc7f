import { expect, it } from 'vitest';
import { BUILT_IN, KINDS } from './registry.ts';

it('finds kinds by what objects say of themselves', () => {
  expect(BUILT_IN.servedAs('apps/v1', 'Deployment')?.kind.resource).toBe('deployments');
  expect(BUILT_IN.servedAs('events.k8s.io/v1', 'Event')?.kind).toBe(BUILT_IN.servedAs('v1', 'Event')?.kind);
  expect(BUILT_IN.servedAs('v1', 'Deployment')).toBeUndefined();
  expect(BUILT_IN.byResource('pods/status')?.kind).toBe('Pod');
  expect(BUILT_IN.byResource('constructor')).toBeUndefined();
});

it('no two kinds share a word', () => {
  const words = KINDS.flatMap((kind) => [...new Set([kind.resource, kind.singular, ...kind.shortNames])]);
  expect(new Set(words).size).toBe(words.length);
});
