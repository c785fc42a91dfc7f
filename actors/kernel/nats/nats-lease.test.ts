import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from 'nats';
import { interval, map } from 'rxjs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy, type TcpProxy } from '../../../test/support/tcp-proxy.ts';
import { testHost } from '../../../test/support/test-host.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { defineActor, publish } from '../declare.ts';
import type { Host } from './nats-host.ts';
import { holdLease, type LeaseOptions } from './nats-lease.ts';
import { ShutdownWait } from './nats-shutdown-wait.ts';

/**
 * Goal: at no moment do two instances act, whatever the network does to one of them; who is only slow goes on.
 * Method: a real server, and a proxy between it and one of the instances that loses what a network loses.
 */
const WITHIN_MS = 20_000;
const RECONNECTING = { maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 0 };

let server: TestNatsServer;
let proxy: TcpProxy;
const connections: NatsConnection[] = [];

beforeAll(async () => {
  server = await startNatsServer();
  proxy = await startTcpProxy(server.port);
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await proxy.close();
  await server.stop();
});

async function connection(port = server.port): Promise<NatsConnection> {
  const made = await connectAs({ ...server, url: `nats://127.0.0.1:${port}` }, undefined, RECONNECTING);
  connections.push(made);
  return made;
}

/** The buckets of a cluster of its own. @returns that of the leases, over a connection that nothing happens to */
async function buckets(prefix: string, ttlMs: number): Promise<KV> {
  const kvm = new Kvm(jetstream(await connection()));
  await kvm.create(bucketNames(prefix).objects, { history: 64 });
  return kvm.create(bucketNames(prefix).leases, { history: 1, ttl: ttlMs });
}

/** Stands for an instance; `told` is what its actor went through, `warned` what it logs. */
async function instance(name: string, options: LeaseOptions, port?: number) {
  const told: string[] = [];
  const warned: string[] = [];
  const made = await connection(port);
  const reach = new ShutdownWait(made);
  const lease = holdLease(made, 'solo', name, options, {
    soon: (act) => reach.soon(act),
    acting: async () => {
      told.push('acts');
      return { stop: async () => void told.push('stopped') };
    },
    log: (line) => void warned.push(line),
  });
  return { told, warned, sent: () => made.stats().outMsgs, stop: () => lease.stop() };
}
const revisionOf = async (leases: KV): Promise<number> => (await leases.get('solo'))?.revision ?? 0;

it('who is stopped while it takes the lease never acts, and waits for no answer where the broker is gone', async () => {
  await buckets('taking', 10_000);
  const own = await connection();
  let taken = (): void => undefined;
  const isTaken = new Promise<void>((done) => (taken = done));
  let reached = (): void => undefined;
  const told: string[] = [];
  const lost = { soon: async () => undefined };
  const lease = holdLease(
    own,
    'solo',
    'one',
    {
      prefix: 'taking',
      ttlMs: 10_000,
      reached: () => {
        taken();
        return new Promise<void>((done) => (reached = done));
      },
    },
    {
      ...lost,
      acting: async () => {
        told.push('acts');
        return { stop: async () => undefined };
      },
      log: () => undefined,
    },
  );
  await isTaken;
  await lease.stop();
  reached();
  await own.flush(); // the loop has gone on by then
  expect(told).toEqual([]);
});

it('who is stopped before it hears that the lease is its own writes no epoch, and gives the lease back', async () => {
  const ttlMs = 10_000;
  const leases = await buckets('unheard', ttlMs);
  const objects = await new Kvm(jetstream(await connection())).open(bucketNames('unheard').objects);
  const own = await connection(proxy.port);
  const reach = new ShutdownWait(own);
  proxy.freeze();
  const options = { prefix: 'unheard', ttlMs, reached: async () => undefined };
  const lease = holdLease(own, 'solo', 'one', options, {
    soon: (act) => reach.soon(act),
    acting: async () => ({ stop: async () => undefined }),
    log: () => undefined,
  });
  const stopping = lease.stop();
  proxy.thaw();
  await stopping;
  expect([(await leases.get('solo'))?.operation, (await objects.status()).values]).toEqual(['PURGE', 0]);
});

it('a leader that is cut off does nothing any more when another one begins', async () => {
  const ttlMs = 800;
  await buckets('cut', ttlMs);
  const turns: { readonly instance: string; readonly epoch: number }[] = [];
  const lease = { prefix: 'cut', ttlMs, reached: async () => undefined };
  const clock = defineActor({
    name: 'solo',
    singleton: true,
    hears: {},
    says: { tick: publish(SUBJECTS.outcome) },
    behave: (_inputs, world) =>
      interval(10, world.scheduler).pipe(
        map(() => {
          const { instance, epoch = 0 } = world.self;
          turns.push({ instance, epoch });
          return world.say.tick({ caller: instance }, {});
        }),
      ),
  });
  const hostOf = async (name: string, port?: number): Promise<Host> => {
    return testHost({ connection: await connection(port), prefix: 'cut', instance: name, lease });
  };
  const cutOff = await hostOf('cut-off', proxy.port);
  const other = await hostOf('other');
  const running = [await cutOff.start(clock)];
  const turnsOf = (name: string, from = 0): number =>
    turns.slice(from).filter(({ instance }) => instance === name).length;
  await waitUntil('the first acts', WITHIN_MS, () => turnsOf('cut-off') > 0);
  running.push(await other.start(clock));
  proxy.freeze();
  const frozenAt = turns.length;
  await waitUntil('the other acts for a while', WITHIN_MS, () => turnsOf('other', frozenAt) > 10);
  // On a machine so busy that they take turns before that, too: one ends before the next begins.
  expect(turns.map(({ epoch }) => epoch)).toEqual(turns.map(({ epoch }) => epoch).toSorted((a, b) => a - b));
  proxy.cut();
  for (const one of running) await one.stop();
  for (const host of [cutOff, other]) await host.stop();
});

it('a renewal whose answer came too late keeps the lease', async () => {
  const ttlMs = 6_000;
  const leases = await buckets('late', ttlMs);
  const slow = await instance('slow', { prefix: 'late', ttlMs, reached: async () => undefined }, proxy.port);
  await waitUntil('it acts', WITHIN_MS, () => slow.told.length > 0);
  const taken = await revisionOf(leases);
  proxy.muffle();
  const renewed = await waitUntil('a renewal is stored', WITHIN_MS, async () => {
    const revision = await revisionOf(leases);
    return revision > taken && revision;
  });
  proxy.cut(); // from here on it is answered again
  await waitUntil('it renews again', WITHIN_MS, async () => (await revisionOf(leases)) > renewed);
  expect(slow.told).toEqual(['acts']);
  await slow.stop();
  expect([slow.told, (await leases.get('solo'))?.operation]).toEqual([['acts', 'stopped'], 'PURGE']);
});

it('who is stopped while a renewal is on its way stops at once, and gives back what that has made of the lease', async () => {
  const ttlMs = 12_000;
  const leases = await buckets('on-its-way', ttlMs);
  const options = { prefix: 'on-its-way', ttlMs, reached: async () => undefined };
  const one = await instance('one', options, proxy.port);
  await waitUntil('it acts', WITHIN_MS, () => one.told.length > 0);
  proxy.freeze();
  const sent = one.sent();
  await waitUntil('it asks for a renewal', WITHIN_MS, () => one.sent() > sent);
  const stopping = one.stop();
  try {
    await waitUntil('it has stopped', 1_000, () => one.told.includes('stopped'));
  } finally {
    proxy.thaw();
  }
  await stopping;
  expect([one.told, (await leases.get('solo'))?.operation]).toEqual([['acts', 'stopped'], 'PURGE']);
});

it('a lease that nobody renews is followed though the store keeps it, as does a server whose clock was set back', async () => {
  const leases = await buckets('kept', 3_600_000);
  await leases.create('solo', 'gone');
  const heir = await instance('heir', { prefix: 'kept', ttlMs: 400, reached: async () => undefined });
  await waitUntil('the heir acts', WITHIN_MS, () => heir.told.length > 0);
  await heir.stop();
  expect([heir.told, (await leases.get('solo'))?.operation]).toEqual([['acts', 'stopped'], 'PURGE']);
});

it('a lease that is asked for in vain is warned of with what to look at', async () => {
  await buckets('frozen', 800);
  const waiting = await instance('one', { prefix: 'frozen', ttlMs: 800, reached: async () => undefined }, proxy.port);
  proxy.freeze();
  const warning = () => waiting.warned.find((line) => line.startsWith('warning: lease of solo: '));
  await waitUntil('it warns', WITHIN_MS, () => warning() !== undefined);
  proxy.thaw();
  expect(warning()).toMatch(/: no answer from nats-server in time; check that its machine and disk .*; trying again$/);
  await waiting.stop();
});

it('who takes longer to begin than it may hold the lease does not begin', async () => {
  const ttlMs = 3_000;
  await buckets('slow', ttlMs);
  const options = { prefix: 'slow', ttlMs };
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  let asked = 0;
  const behind = await instance('behind', {
    ...options,
    reached: () => {
      asked += 1;
      return reached;
    },
  });
  await waitUntil('the first has the lease', WITHIN_MS, () => asked > 0);
  const ahead = await instance('ahead', { ...options, reached: async () => undefined });
  await waitUntil('another has followed', WITHIN_MS, () => ahead.told.length > 0);
  reach();
  await waitUntil('the first sees it', WITHIN_MS, () => behind.warned.some((line) => /took too long/.test(line)));
  expect(behind.told).toEqual([]);
  await ahead.stop();
  await waitUntil('the first begins anew', WITHIN_MS, () => behind.told.length > 0);
  expect([ahead.told, behind.told]).toEqual([['acts', 'stopped'], ['acts']]);
  await behind.stop();
});

it.each([
  { why: 'another instance', follower: 'two', told: /^warning: solo on one lost its lease; standing by$/ },
  {
    why: 'a process of the same name',
    follower: 'one',
    told: /^warning: solo on one lost its lease to another process with the same instance name: .* TROUPE_INSTANCE of its own; /,
  },
])('who is followed by $why says so', async ({ follower, told }) => {
  const ttlMs = 3_000;
  const prefix = `followed-${follower}`;
  const leases = await buckets(prefix, ttlMs);
  let newest = 0;
  const reached = async (epoch: number) => void (newest = Math.max(newest, epoch));
  const options = { prefix, ttlMs, reached, newestEpoch: () => newest };
  const first = await instance('one', options);
  await waitUntil('the first acts', WITHIN_MS, () => first.told.length > 0);
  if (follower !== 'one') await leases.purge('solo'); // a twin takes it by itself
  const second = await instance(follower, options);
  await waitUntil('the first is told', WITHIN_MS, () => first.warned.length > 0);
  expect(first.warned[0]).toMatch(told);
  await first.stop();
  await second.stop();
});

it('of a lease that is given back no timer is left, which would keep its process', async () => {
  const ttlMs = 2_000;
  const leases = await buckets('given-back', ttlMs);
  const made = await connection();
  const [begun, ended] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')];
  const options = { prefix: 'given-back', ttlMs, reached: async () => undefined };
  const reach = new ShutdownWait(made);
  const lease = holdLease(made, 'solo', 'one', options, {
    soon: (act) => reach.soon(act),
    acting: async () => ({ stop: async () => undefined }),
    log: () => undefined,
  });
  const taken = await waitUntil('it is taken', WITHIN_MS, async () => (await revisionOf(leases)) || undefined);
  await waitUntil('it is renewed', WITHIN_MS, async () => (await revisionOf(leases)) > taken);
  await lease.stop();
  const own = begun.mock.results.filter((_, at) => begun.mock.calls[at]?.[0].name === 'done'); // as its pauses are called
  const over = new Set(ended.mock.calls.map(([timer]) => timer));
  vi.restoreAllMocks();
  expect(own.length).toBeGreaterThan(2);
  expect(own.filter(({ value }) => !over.has(value as NodeJS.Timeout))).toEqual([]);
});
