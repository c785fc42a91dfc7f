import { concatMap, of } from 'rxjs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Said } from '../../actors/kernel/contract.ts';
import { defineActor, publish } from '../../actors/kernel/declare.ts';
import type { Event } from '../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { type SimulatedCluster, startSimulatedCluster } from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: who looks at a cluster's events learns that one of its own actors keeps failing, or was stopped for good.
 * Method: actors that do so, in a master's process and in a worker's, each with the permissions of its process; the
 * events as anybody reads them.
 */
let cluster: SimulatedCluster;
beforeAll(async () => {
  cluster = await startSimulatedCluster();
});
afterAll(() => cluster.stop());

const FAULTS = {
  throws: (): never => {
    throw new Error('deliberate\nand more of it');
  },
  waits: (said: Said) => Promise.resolve(said),
};
/** Begins, and does wrong at once. */
const faulty = (name: string, fault: (said: Said) => Said | Promise<Said>) =>
  defineActor({
    name,
    hears: {},
    says: { tell: publish(SUBJECTS.outcome) },
    behave: (_inputs, world) =>
      of(world.say.tell({ caller: 'all' }, {})).pipe(
        concatMap((said) => {
          const wrong = fault(said);
          return wrong instanceof Promise ? wrong : of(wrong);
        }),
      ),
  });

const told = (name: string, why: string): Promise<Event> =>
  waitUntil(`an event ${why} about actor ${name}`, 20_000, async () => {
    const { items } = await cluster.client.list<Event>(
      'events',
      { namespace: 'kube-system' },
      { fieldSelector: `involvedObject.name=${name}` },
    );
    return items.find(({ reason }) => reason === why);
  });

it.each([
  { on: 'm1', name: 'scheduler', fault: FAULTS.throws, reason: 'ActorFailing', says: /^deliberate$/ },
  { on: 'm1', name: 'dispatcher', fault: FAULTS.waits, reason: 'ActorStopped', says: /said tell outside a turn/ },
  { on: 'n1', name: 'kubelet', fault: FAULTS.throws, reason: 'ActorFailing', says: /^deliberate$/ },
  { on: 'n1', name: 'kubelet', fault: FAULTS.waits, reason: 'ActorStopped', says: /said tell outside a turn/ },
])('$reason: $name on $on', async ({ on, name, fault, reason, says }) => {
  const { host } = on === 'm1' ? cluster.master : cluster.workers.get(on)!;
  await host.start(faulty(name, fault));
  const event = await told(name, reason);
  expect(event).toMatchObject({
    type: 'Warning',
    involvedObject: { apiVersion: 'troupe.io/v1', kind: 'Actor', name, namespace: 'kube-system', uid: `${name}/${on}` },
    source: { component: on },
  });
  const start = `${name} on ${on}: `;
  expect(event.message?.slice(0, start.length)).toBe(start);
  expect(event.message?.slice(start.length)).toMatch(says);
});
