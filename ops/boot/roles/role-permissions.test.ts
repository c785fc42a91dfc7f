import { beforeAll, expect, it } from 'vitest';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { authorizationBlock } from '../nats/nats-config.ts';
import { newSeed } from '../users/nkeys.ts';
import { type Profile, planPermissions } from '../users/plan-permissions.ts';
import { declaredActors } from './hosted-actors.ts';
import { connectRole } from './role-connection.ts';
import { requiredOfMaster, requiredOfNode } from './role-permissions.ts';

/* Goal: who may not do what a process is for, is told so before it says "is ready". Method: the printed users on a real server. */

const node = (name: string): Profile => ({ kind: 'node', declared: declaredActors.worker(name) });
const profiles: Readonly<Record<string, Profile>> = {
  master: { kind: 'system', declared: declaredActors.master },
  operator: { kind: 'operator' },
  'node-a': node('a'),
  'node-b': node('b'),
};
const keys = Object.fromEntries(Object.keys(profiles).map((name) => [name, newSeed()]));

let server: TestNatsServer;
beforeAll(async () => {
  const users = Object.entries(profiles).map(([name, profile]) => ({
    name,
    publicKey: keys[name]?.publicKey ?? '',
    permissions: planPermissions('troupe', name, profile),
  }));
  server = await startNatsServer({ jetstream: false, config: authorizationBlock(users) });
  return () => server.stop();
});

const master = requiredOfMaster('troupe');
const nodeA = requiredOfNode('troupe', 'a');

it.each([
  { user: 'master', key: 'master', mandate: master, says: undefined },
  { user: 'node-a', key: 'node-a', mandate: nodeA, says: undefined },
  {
    user: 'operator',
    key: 'operator',
    mandate: master,
    says: 'run a master: user operator may not, with prefix troupe (nats-server refuses troupe.actor.api-server.may-i.status); set TROUPE_USER to master and TROUPE_NKEY to the file of its key, which "troupe permissions" made',
  },
  { user: 'node-a', key: 'node-a', mandate: master, says: /run a master: user node-a may not, / },
  {
    user: 'master',
    key: 'operator',
    mandate: master,
    says: /the key in \/keys\/operator\.nk is not the key of user master/,
  },
  {
    user: 'node-b',
    key: 'node-b',
    mandate: nodeA,
    says: /run node a: user node-b may not, .*; set TROUPE_USER to node-a /,
  },
  {
    user: 'node-a',
    key: 'node-b',
    mandate: nodeA,
    says: /the key in \/keys\/node-b\.nk is not the key of user node-a/,
  },
  { user: 'master', key: 'master', mandate: nodeA, says: /run node a: user master may not, / },
  {
    user: 'master',
    key: 'master',
    mandate: requiredOfMaster('other'),
    says: /user master may not, with prefix other/,
  },
])('$user with the key of $key would $mandate.act', async ({ user, key, mandate, says }) => {
  const logged: string[] = [];
  const connecting = connectRole(
    'tried',
    {
      url: server.url,
      prefix: mandate.subjects[0]?.split('.')[0] ?? '',
      user,
      seed: keys[key]?.seed ?? '',
      seedFile: `/keys/${key}.nk`,
      instance: 'i',
      record: false,
      log: (line) => logged.push(line),
    },
    mandate,
  );
  if (says === undefined) await (await connecting).close();
  else await expect(connecting).rejects.toThrow(says);
  expect(logged).toEqual([]);
});
