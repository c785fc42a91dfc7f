import { expect, it } from 'vitest';
import { controllers } from '../../../actors/controllers/registry.ts';
import {
  controlPlane,
  declaredActors,
  definitionFor,
  isActor,
  isHostedName,
  MASTER_TABLE,
  NODE_TABLE,
  singletonNames,
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
  expect(declaredActors.worker('n1').map(({ name }) => name)).toEqual(['kubelet', 'runtime']);
  expect([...names, 'nobody'].filter((name) => !isHostedName(name))).toEqual(['nobody']);
});

it.each([...MASTER_TABLE.filter(isActor), ...NODE_TABLE.filter(isActor)].map(({ name }) => name))(
  'a replay makes %s from the configuration that was recorded',
  (name) => {
    const config = { instance: 'm1', node: 'n1', ip: '10.0.0.1', version: 'x' };
    expect(definitionFor(name, config)?.name).toBe(name);
  },
);

it('what a recorded configuration leaves out has its default', () => {
  expect(definitionFor('node-lifecycle', { graceSeconds: 3 })?.config).toMatchObject({
    graceSeconds: 3,
    quarantineSeconds: 40,
  });
});

it('a driver is not replayed', () => {
  expect(definitionFor('store', {})).toBeUndefined();
  expect(definitionFor('runtime', { node: 'n1' })).toBeUndefined();
});
