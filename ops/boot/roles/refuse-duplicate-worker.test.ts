import { afterEach, expect, it, vi } from 'vitest';
import { runtimeDriver } from '../../../actors/runtime/runtime-driver.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { SimulatedEngine } from '../../../runtime-adapters/simulated/simulated-engine.ts';
import { connectAs, startNatsServer } from '../../../test/support/nats-server.ts';
import { testHost } from '../../../test/support/test-host.ts';
import { Client } from '../../client/client.ts';
import { refuseDuplicateWorker } from './refuse-duplicate-worker.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** What a second worker of node n1 asks with, and the connection of the first. */
async function two() {
  const server = await startNatsServer({ jetstream: false });
  ends.push(() => server.stop());
  const [own, first] = [await connectAs(server), await connectAs(server)];
  ends.push(
    () => own.close(),
    () => first.close(),
  );
  return { client: new Client(own, { caller: 'u', prefix: 'troupe', inboxPrefix: inboxPrefix('u') }), first };
}

it('a worker answers for its node also while its engine does not', { timeout: 20_000 }, async () => {
  const { client, first } = await two();
  const { runtime: adapter, volumes } = new SimulatedEngine().adapters('n1');
  const silent = (): Promise<never> => new Promise(() => undefined);
  for (const op of ['info', 'list'] as const) vi.spyOn(adapter, op).mockImplementation(silent);
  const host = testHost({ connection: first });
  ends.push(() => host.stop());
  await host.startDriver(runtimeDriver({ node: 'n1', adapter, volumes }), 'n1');
  await expect(refuseDuplicateWorker(client, 'n1')).rejects.toThrow(
    /^start worker n1: another worker already runs node n1; /,
  );
  await refuseDuplicateWorker(client, 'n2');
});

it('of a machine that lost its power a moment ago no answer is waited for', { timeout: 20_000 }, async () => {
  const { client, first } = await two();
  const heard: string[] = [];
  first.subscribe('troupe.runtime.n1.>', { callback: (_error, { subject }) => void heard.push(subject) });
  await first.flush();
  await refuseDuplicateWorker(client, 'n1');
  expect(heard).toHaveLength(1);
});
