import { expect, it } from 'vitest';
import { isActor, MASTER_TABLE, NODE_TABLE } from '../boot/roles/hosted-actors.ts';
import { playedActors } from './actors.ts';

it('knows every actor and driver that masters and workers host', () => {
  expect([...playedActors.keys()]).toEqual([...MASTER_TABLE, ...NODE_TABLE].map(({ name }) => name));
});

it.each([...MASTER_TABLE.filter(isActor), ...NODE_TABLE.filter(isActor)].map(({ name }) => name))(
  'a replay makes %s from the configuration that was recorded',
  (name) => {
    const config = { instance: 'm1', node: 'n1', ip: '10.0.0.1', version: 'x' };
    expect(playedActors.get(name)?.define?.(config)?.name).toBe(name);
  },
);

it('what a recorded configuration leaves out has its default', () => {
  expect(playedActors.get('node-lifecycle')?.define?.({ graceSeconds: 3 })?.config).toMatchObject({
    graceSeconds: 3,
    quarantineSeconds: 40,
  });
});

it('a driver is not replayed', () => {
  for (const driver of ['store', 'runtime']) expect(playedActors.get(driver)).not.toHaveProperty('define');
});
