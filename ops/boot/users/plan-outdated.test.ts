import { expect, it } from 'vitest';
import { api, watch } from '../../../actors/kernel/declare.ts';
import type { Declared } from './declared-subjects.ts';
import { type Hosting, planOutdated, tellOutdated } from './plan-outdated.ts';
import { planPermissions } from './plan-permissions.ts';

const always: Declared = { name: 'boot', hears: {}, says: { event: api('create', 'events') } };
const before: Declared = {
  name: 'placer',
  hears: { pods: watch('pods') },
  says: { bind: api('create', 'pods/binding') },
};
const today: Declared = { ...before, says: { ...before.says, status: api('patch', 'pods/status') } };
const mine: Declared = { name: 'mine', hears: {}, says: { label: api('patch', 'pods') } };

const madeFor = (...declared: readonly Declared[]): Hosting => ({
  name: 'shop',
  actors: declared.map(({ name }) => name),
  permissions: planPermissions('troupe', 'shop', { kind: 'service', declared: [...declared, always] }),
});
const wide = { publish: ['>'], subscribe: ['>'] };

it.each<{ why: string; user: Hosting; lacks: readonly string[] }>([
  { why: "made for today's", user: madeFor(today), lacks: [] },
  { why: 'made for one that said less', user: madeFor(before), lacks: ['troupe.api.shop.patch.pods=2Fstatus.*.*'] },
  { why: 'beside one of its own', user: madeFor(mine, before), lacks: ['troupe.api.shop.patch.pods=2Fstatus.*.*'] },
  { why: 'of its own alone', user: madeFor(mine), lacks: [] },
  {
    why: 'made before every host told events',
    user: {
      ...madeFor(mine),
      permissions: planPermissions('troupe', 'shop', { kind: 'service', declared: [mine] }),
    },
    lacks: [
      'troupe.api.shop.create.events.*.*',
      'troupe.journal.boot.*',
      'troupe.actor.boot.*.status',
      'troupe.journaled.boot.*',
    ],
  },
  { why: 'may do more than it needs', user: { ...madeFor(before), permissions: wide }, lacks: [] },
  { why: 'hosts nothing', user: { name: 'alice' }, lacks: [] },
])('$why', ({ user, lacks }) => {
  expect(planOutdated([user], 'troupe', [today], always)).toEqual(lacks.length === 0 ? [] : [{ name: 'shop', lacks }]);
});

it('says what it is refused and what to do', () => {
  expect(tellOutdated({ name: 'shop', lacks: ['a.b', 'c', 'd'] })).toBe(
    "user shop was made for actors that declared less than this build's do (it is refused a.b and 2 more); `troupe user add shop --actors <module>` once more gives it what is missing, its key stays",
  );
});
