import { expect, it } from 'vitest';
import { controllers } from '../../../actors/controllers/registry.ts';
import { controlPlane, declaredActors, MASTER_TABLE, NODE_TABLE, singletonNames } from './hosted-actors.ts';

const names = [...MASTER_TABLE, ...NODE_TABLE].map(({ name }) => name);

it('lists every controller, and no name twice', () => {
  expect(names).toEqual(expect.arrayContaining(controllers.map(({ name }) => name)));
  expect(new Set(names).size).toBe(names.length);
});

it('permissions, status, --without and replay know what the table lists', () => {
  expect(controlPlane).toEqual(expect.arrayContaining(['api-server', 'store', 'scheduler', 'dispatcher']));
  expect(singletonNames).toEqual(controlPlane.filter((name) => name !== 'api-server' && name !== 'store'));
  expect(declaredActors.master.map(({ name }) => name)).toEqual(['boot', ...controlPlane]);
  expect(declaredActors.worker('n1').map(({ name }) => name)).toEqual(['kubelet', 'runtime']);
});
