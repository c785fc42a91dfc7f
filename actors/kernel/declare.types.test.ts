import { type Observable, of } from 'rxjs';
import { concatMap } from 'rxjs/operators';
import { expect, it } from 'vitest';
import type { StorePorts } from '../../contracts/messages/store.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { api, calls, defineActor, defineDriver, latest, port, publish, watch } from './declare.ts';

it('what is declared decides the types of what is heard and said', () => {
  const actor = defineActor({
    name: 'typed',
    hears: {
      pods: watch('pods'),
      beats: latest(SUBJECTS.heartbeat, { everyMs: 1000 }),
      logs: calls(SUBJECTS.nodeLogs, { fixed: { node: 'a' } }),
    },
    says: {
      bind: api('create', 'pods/binding'),
      put: port<StorePorts, 'put'>('store', 'put'),
      beat: publish(SUBJECTS.heartbeat),
    },
    behave: (inputs, world) =>
      inputs.beats.pipe(
        concatMap((beats): Observable<never> => {
          const nodes: string[] = beats.map((beat) => beat.decode().node);
          return world
            .ask(world.say.bind({ name: nodes[0] }, {}), { timeoutMs: 1 })
            .pipe(concatMap((pod) => of(pod) as never));
        }),
      ),
  });
  const driver = defineDriver({
    name: 'typed-driver',
    hears: { logs: calls(SUBJECTS.nodeLogs, { fixed: { node: 'a' } }) },
    says: {},
    run: async () => ({
      handlers: { logs: (call) => ({ lines: [{ stream: 'stdout', time: '', text: call.decode().pod }] }) },
    }),
  });
  expect([actor.name, driver.name]).toEqual(['typed', 'typed-driver']);
});
