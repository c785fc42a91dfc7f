import { connect } from 'nats';
import { map, merge } from 'rxjs';
import { expect, it } from 'vitest';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts';
import { testHost } from '../../../test/support/test-host.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { calls, defineActor } from '../declare.ts';
import { ArrivalLag } from './nats-arrival-lag.ts';

/*
 * Goal: a process that was stopped for a while does not do, once it goes on, what others asked for meanwhile and gave up.
 * Method: a proxy that holds back what the server sends until whoever asked has given up.
 */
it('what may have lain longer than anybody waits is refused, not done; what nobody waits for, and what comes later, is done', async () => {
  const server = await startNatsServer({ jetstream: false });
  const proxy = await startTcpProxy(server.port);
  const client = await connect({ servers: server.url });
  const log: string[] = [];
  const host = testHost({
    connection: await connect({ servers: `nats://127.0.0.1:${proxy.port}` }),
    lainMsMax: 400,
    log: (line) => log.push(line),
  });
  const done: string[] = [];
  await host.start(
    defineActor({
      name: 'writer',
      hears: { asked: calls(SUBJECTS.api, { queue: true }), published: calls(SUBJECTS.apply, { queue: true }) },
      says: {},
      behave: (inputs, world) =>
        merge(inputs.asked, inputs.published).pipe(
          map((call) => {
            done.push(call.subject);
            return world.reply(call, {});
          }),
        ),
    }),
  );
  const subjectOf = (name: string): string => `troupe.api.me.create.pods.default.${name}`;
  const isDone = (name: string): Promise<boolean> =>
    client.request(subjectOf(name), '{}', { timeout: 1_000 }).then(
      () => done.includes(subjectOf(name)),
      () => false,
    );
  try {
    await waitUntil('a question in time is answered', 10_000, () => isDone('early'));

    proxy.freeze();
    const answers: { readonly code: number; readonly reason: string; readonly message: string }[] = [];
    client.subscribe('_INBOX.late', { callback: (_error, msg) => void answers.push(msg.json()) });
    client.publish(subjectOf('late'), '{}', { reply: '_INBOX.late' });
    client.publish('troupe.apply.me.default', '{}');
    await expect(client.request(subjectOf('later'), '{}', { timeout: 800 })).rejects.toThrow(/timeout/);
    proxy.thaw();
    const answer = await waitUntil('the late question is answered', 10_000, () => answers[0]);
    expect(answer).toMatchObject({
      code: 504,
      reason: 'Timeout',
      message: expect.stringMatching(/^writer heard this .* s late.*nothing was done; ask again$/),
    });
    await waitUntil('it goes on', 10_000, () => isDone('new'));
    expect(done).toContain('troupe.apply.me.default');
    expect(done).not.toContain(subjectOf('late'));
    expect(done).not.toContain(subjectOf('later'));
    expect(log).toContainEqual(
      expect.stringMatching(
        /^warning: writer\/one: message on \S+ answered 504, nothing done: it came so late .* \(1 so far\)$/,
      ),
    );
  } finally {
    await host.stop();
    await host.connection.close();
    await client.close();
    await proxy.close();
    await server.stop();
  }
});

it('a connection that was lost and is made again brings nothing old', async () => {
  const server = await startNatsServer({ jetstream: false });
  const proxy = await startTcpProxy(server.port);
  const connection = await connect({
    servers: `nats://127.0.0.1:${proxy.port}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 10,
  });
  const lag = new ArrivalLag(connection, 1_000_000); // it never asks by itself
  const before = lag.ms;
  let back = false;
  void (async () => {
    for await (const { type } of connection.status()) back ||= type === 'reconnect';
  })();
  await waitUntil('time goes by', 5_000, () => lag.ms > before + 100);
  const cutAt = performance.now();
  proxy.cut();
  await waitUntil('the connection is made again', 5_000, () => back);
  expect(lag.ms).toBeLessThan(performance.now() - cutAt);
  lag.stop();
  await connection.close();
  await proxy.close();
  await server.stop();
});
