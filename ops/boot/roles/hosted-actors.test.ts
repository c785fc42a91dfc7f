import { expect, it } from 'vitest';
import { controllers } from '../../../actors/controllers/registry.ts';
import { watch } from '../../../actors/kernel/declare.ts';
import { planPermissions } from '../users/plan-permissions.ts';
import {
  controlPlane,
  declaredActors,
  MASTER_TABLE,
  NODE_TABLE,
  singletonNames,
  viewedByNodes,
} from './hosted-actors.ts';

const names = [...MASTER_TABLE, ...NODE_TABLE].map(({ name }) => name);

it('lists every controller, and no name twice', () => {
  expect(names).toEqual(expect.arrayContaining(controllers.map(({ name }) => name)));
  expect(new Set(names).size).toBe(names.length);
});

it('permissions, status, --without and replay know what the table lists', () => {
  expect(controlPlane).toEqual(expect.arrayContaining(['api-server', 'store', 'scheduler', 'dispatcher']));
  expect(singletonNames).toEqual(controlPlane.filter((name) => name !== 'api-server' && name !== 'store'));
  expect(declaredActors.master.map(({ name }) => name)).toEqual(['boot', ...controlPlane]);
  expect(declaredActors.worker('n1').map(({ name }) => name)).toEqual([
    'kubelet',
    'node-network',
    'runtime',
    'sessions',
  ]);
});

it('every node has a view of what its actors watch, and never of Secrets, ConfigMaps and Pods', () => {
  expect(viewedByNodes).toEqual(['nodes']);
  for (const resource of ['secrets', 'configmaps', 'pods', '*']) {
    const declared = [{ name: 'nosy', hears: { all: watch(resource) }, says: {} }];
    expect(() => planPermissions('troupe', 'node-n1', { kind: 'node', declared })).toThrow(`nosy watches ${resource}`);
  }
});
