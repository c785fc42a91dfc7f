import { describe, expect, it } from 'vitest';
import { KINDS, kindByResource, kindOf, registry, registryOf, resolveResource } from './registry.ts';

describe('resolveResource', () => {
  it.each([
    ['pods', 'pods'],
    ['pod', 'pods'],
    ['po', 'pods'],
    ['Pod', 'pods'],
    ['PODS', 'pods'],
    ['deploy', 'deployments'],
    ['deployments.apps', 'deployments'],
    ['rs', 'replicasets'],
    ['ns', 'namespaces'],
    ['no', 'nodes'],
    ['cm', 'configmaps'],
    ['sa', 'serviceaccounts'],
    ['ev', 'events'],
    ['secret', 'secrets'],
  ])('%s -> %s', (word, resource) => {
    expect(resolveResource(word).resource).toBe(resource);
  });
  it.each([
    ['podz', `the server doesn't have a resource type "podz"; did you mean "pods"?`],
    ['deploymnet', `the server doesn't have a resource type "deploymnet"; did you mean "deployment"?`],
    ['qqqqqqq', `the server doesn't have a resource type "qqqqqqq"`],
    ['constructor', `the server doesn't have a resource type "constructor"`],
  ])('%s is refused', (word, message) => {
    expect(() => resolveResource(word)).toThrow(message);
  });
});

it('finds kinds by what objects say of themselves', () => {
  expect(kindOf('apps/v1', 'Deployment')?.resource).toBe('deployments');
  expect(kindOf('events.k8s.io/v1', 'Event')).toBe(kindOf('v1', 'Event'));
  expect(kindOf('v1', 'Deployment')).toBeUndefined();
  expect(kindByResource('pods/status')?.kind).toBe('Pod');
  expect(kindByResource('constructor')).toBeUndefined();
});

it('tells what was probably meant', () => {
  expect(registry.unknownKind('v1', 'Deployment').message).toBe(
    'no matches for kind "Deployment" in version "v1"; Deployment is served as apiVersion apps/v1',
  );
  expect(registry.unknownKind('v1', 'Podd').message).toContain('did you mean "Pod"?');
});

it('is open: a registry is made of any list', () => {
  const [first] = KINDS;
  if (first === undefined) throw new Error('no kinds');
  const widget = {
    ...first,
    resource: 'widgets.example.com',
    singular: 'widget',
    kind: 'Widget',
    group: 'example.com',
    shortNames: ['wd'],
  };
  expect(registryOf([...KINDS, widget]).resolveResource('wd').kind).toBe('Widget');
});

it('no two kinds share a word', () => {
  const words = KINDS.flatMap((kind) => [...new Set([kind.resource, kind.singular, ...kind.shortNames])]);
  expect(new Set(words).size).toBe(words.length);
});
