import { expect, it, vi } from 'vitest';
import { decodeMsgpack, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { api, calls, type DriverDefinition, defineDriver } from '../declare.ts';
import type { TurnToKeep } from '../journal/journal.ts';
import { TurnKeeper } from '../journal/turn-keeper.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { Cache } from '../view/cache.ts';
import { ambient } from './host-clock.ts';
import type { Asker, HostServices } from './host-services.ts';
import { LiveDriver } from './live-driver.ts';

/* A live driver without a broker: what it sends is kept, and so is its recording. */

async function drive(definition: DriverDefinition) {
  const keeper = new TurnKeeper('troupe');
  const sent: { out: Outgoing; asker: Asker }[] = [];
  const turns: TurnToKeep[] = [];
  const host: HostServices = {
    ambient,
    cache: new Cache(),
    options: {
      prefix: 'troupe',
      caller: 'system',
      build: 'test',
      log: () => undefined,
      recorder: {
        record: (_incarnation, turn, out) => void turns.push(keeper.keep(turn, out)),
        flush: async () => undefined,
      },
    },
    sendBytes: () => undefined,
    wake: () => undefined,
    wakeToChanges: () => undefined,
    send: (out, _from, _cause, asker) => {
      sent.push({ out, asker });
      return undefined;
    },
  };
  const driver = new LiveDriver(host, definition, 'one');
  await driver.start();
  return { driver, keeper, sent, turns };
}

it('what a driver was answered is in its recording, secrets sealed, and nothing of the question stays behind', async () => {
  let heard: unknown;
  const { keeper, sent, turns } = await drive(
    defineDriver({
      name: 'asker',
      hears: {},
      says: { secret: api('get', 'secrets') },
      run: async (world) => {
        void world.ask(world.say.secret({ namespace: 'a', name: 's' }), { timeoutMs: 1_000 }).then((answer) => {
          heard = answer;
        });
        return { handlers: {} };
      },
    }),
  );
  const secret = { kind: 'Secret', data: { password: 'aHVudGVyMg==' } };
  const [question] = sent;
  expect(keeper.idle).toBe(false);
  question?.asker.answered(question.out.id, encodeMsgpack(secret), {});
  await vi.waitFor(() => expect(heard).toEqual(secret));
  expect(turns.map(({ n, rec, sealed }) => [n, rec, sealed])).toEqual([
    [1, { t: 'due' }, undefined],
    [2, { t: 'answer', ask: question?.out.id, result: new Uint8Array(0) }, true], // there is no key
  ]);
  expect(keeper.idle).toBe(true);
  question?.asker.answered(question.out.id, encodeMsgpack(secret), {}); // too late, or doubled
  expect(turns.length).toBe(2);
});

it('who asked a driver for what is not done when it stops is told at once, and nothing comes later', async () => {
  let finish = (_done: object): void => {};
  const { driver, sent, turns } = await drive(
    defineDriver({
      name: 'slow',
      hears: { applies: calls(SUBJECTS.apply) },
      says: {},
      run: async () => ({ handlers: { applies: () => new Promise((resolve) => (finish = resolve)) } }),
    }),
  );
  const subject = 'troupe.apply.alice.default';
  driver.heard({ subject, data: encodeMsgpack({}), reply: '_INBOX.alice.1', respond: () => false });
  driver.heard({ subject, data: encodeMsgpack({}), respond: () => false }); // nobody waits
  await driver.stop();
  expect(sent.map(({ out }) => [out.said.subject, out.said.body])).toEqual([
    [
      '_INBOX.alice.1',
      expect.objectContaining({
        reason: 'ServiceUnavailable',
        message: 'slow on one was stopped before the request was done; try again',
      }),
    ],
  ]);
  const recorded = turns.length;
  finish({});
  await new Promise(setImmediate);
  expect([sent.length, turns.length]).toEqual([1, recorded]);
});

it('a driver whose answer cannot be written says so', async () => {
  const { driver, sent } = await drive(
    defineDriver({
      name: 'answerer',
      hears: { applies: calls(SUBJECTS.apply) },
      says: {},
      run: async () => ({
        handlers: {
          applies: () => ({
            get torn() {
              throw new Error('deliberate');
            },
          }),
        },
      }),
    }),
  );
  driver.heard({
    subject: 'troupe.apply.me._',
    data: encodeMsgpack({}),
    reply: '_INBOX.me.1',
    respond: () => false,
  });
  await vi.waitFor(() => expect(sent.length).toBe(1));
  expect(decodeMsgpack(sent[0]?.out.bytes as Uint8Array)).toMatchObject({ reason: 'InternalError' });
});

it('a driver gives account of what it answered, and of what it refused', async () => {
  const { driver, sent } = await drive(
    defineDriver({
      name: 'answerer',
      hears: { applies: calls(SUBJECTS.apply) },
      says: {},
      run: async () => ({
        handlers: {
          applies: async (call) => {
            if ((call.decode() as { wrong?: boolean }).wrong === true) throw statusError('BadRequest', 'deliberate');
            return 'done';
          },
        },
      }),
    }),
  );
  for (const [at, body] of [{}, { wrong: true }].entries())
    driver.heard({
      subject: 'troupe.apply.me._',
      data: encodeMsgpack(body),
      reply: `_INBOX.me.${at}`,
      respond: () => false,
    });
  await vi.waitFor(() => expect(sent.length).toBe(2));
  expect(driver.stats()).toMatchObject({ answered: 2, errors: 1 });
  expect(driver.stats()).not.toHaveProperty('lastError'); // the asker's
});

it('a driver gives account of the calls of its port: those in hand, how long they took, and what could not be done', async () => {
  const waiting: ((value: object) => void)[] = [];
  const account: { kept: number; alarm?: string } = { kept: 3 };
  const { driver } = await drive(
    defineDriver({
      name: 'keeper',
      hears: {},
      says: {},
      run: async () => ({
        handlers: {},
        ports: {
          wait: () => new Promise((resolve) => waiting.push(resolve)),
          refuse: ({ reason }: { reason: 'Conflict' | 'Timeout' }) =>
            Promise.reject(statusError(reason, `a ${reason}`)),
        },
        account: () => account,
      }),
    }),
  );
  expect(driver.stats()).toMatchObject({ turns: 0, queueDepth: 0, lagMs: 0, answered: 0, account: { kept: 3 } });
  const calls = [driver.port('wait', {}), driver.port('wait', {})];
  await vi.waitFor(() => expect(driver.stats().lagMs).toBeGreaterThanOrEqual(2));
  expect(driver.stats()).toMatchObject({ turns: 2, queueDepth: 2, answered: 0 });
  for (const answer of waiting) answer({});
  await Promise.all(calls);
  expect(driver.stats()).toMatchObject({ queueDepth: 0, lagMs: 0, answered: 2, errors: 0 });
  expect(driver.stats().answerMs).toBeGreaterThanOrEqual(2);
  await expect(driver.port('refuse', { reason: 'Conflict' })).rejects.toThrow('a Conflict');
  expect(driver.stats()).toMatchObject({ turns: 3, queueDepth: 0, answered: 3, errors: 1 });
  expect(driver.stats()).not.toHaveProperty('lastError');
  await expect(driver.port('refuse', { reason: 'Timeout' })).rejects.toThrow('a Timeout');
  expect(driver.stats()).toMatchObject({ errors: 2, lastError: 'a Timeout' });
  account.alarm = 'nothing can be kept; make room';
  expect(driver.stats()).toMatchObject({ lastError: account.alarm, account });
});
