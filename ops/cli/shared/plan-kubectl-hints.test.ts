import { expect, it } from 'vitest';
import { isKubernetesKind, kubectlHint } from './plan-kubectl-hints.ts';

it.each([
  { why: 'a command that ours do otherwise', command: 'top', says: 'use "docker stats"' },
  { why: 'one to come', command: 'cp', says: 'Troupe does not have it yet; see ops/docs/differences.md' },
  { why: 'one that Troupe has', command: 'get', says: undefined },
  { why: 'none', command: 'gte', says: undefined },
  { why: 'a name that every object has', command: 'constructor', says: undefined },
])('kubectlHint: $why', ({ command, says }) => {
  expect(kubectlHint(command)).toBe(says);
});

it.each([
  { why: 'a plural', word: 'jobs', is: true },
  { why: 'a short name', word: 'svc', is: true },
  { why: 'as manifests write it', word: 'StatefulSet', is: true },
  { why: 'with its group', word: 'Roles.rbac.authorization.k8s.io', is: true },
  { why: 'one that is served', word: 'pods', is: false },
  { why: 'none', word: 'widgets', is: false },
  { why: 'nothing', word: '', is: false },
])('isKubernetesKind: $why', ({ word, is }) => {
  expect(isKubernetesKind(word)).toBe(is);
});
