import { connect } from 'nats';
import { map, mergeMap, of } from 'rxjs';
import { catchError } from 'rxjs/operators';
import { expect, it } from 'vitest';
import { calls, defineActor, publish, request } from '../../actors/kernel/declare.ts';
import { decodeMsgpack, encodeMsgpack } from '../../contracts/codec/codec.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { testHost } from '../support/test-host.ts';
import { waitUntil } from '../support/wait-until.ts';

/*
 * Goal: who asked through a broker that was killed meanwhile is told so when it is back, not after the question's own
 * deadline, which for a slow operation is minutes.
 * Method: an actor asks somebody who never answers, with a deadline far beyond the test's.
 */
const asker = defineActor({
  name: 'asker',
  hears: { applies: calls(SUBJECTS.apply) },
  says: { logs: request(SUBJECTS.nodeLogs), tell: publish(SUBJECTS.outcome) },
  behave: (inputs, world) =>
    inputs.applies.pipe(
      mergeMap(() =>
        world.ask(world.say.logs({ node: 'n1' }, { namespace: 'default', pod: 'web' }), { timeoutMs: 600_000 }),
      ),
      map(() => 'answered'),
      catchError((error: Error) => of(error.message)),
      map((what) => world.say.tell({ caller: 'me' }, what)),
    ),
});

it('tells who waits for an answer that the connection was lost', async () => {
  const server = await startNatsServer();
  const nc = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
  const host = testHost({ connection: nc, caller: 'me' });
  try {
    const told: unknown[] = [];
    let asked = false;
    nc.subscribe('troupe.outcome.me', { callback: (_error, msg) => void told.push(decodeMsgpack(msg.data)) });
    nc.subscribe('troupe.node.n1.logs', {
      callback: () => {
        asked = true;
      },
    });
    await host.start(asker);
    nc.publish('troupe.apply.me._', encodeMsgpack({}));
    await waitUntil('the question is out', 10_000, () => asked);
    await server.kill9();
    await server.restart();
    await waitUntil('the asker is told', 10_000, () => told.length > 0);
    expect(told).toEqual([expect.stringContaining('the connection was lost before an answer on troupe.node.n1.logs')]);
  } finally {
    await host.stop();
    await nc.close();
    await server.stop();
  }
});
