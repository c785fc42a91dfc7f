import { map } from 'rxjs';
import { expect, it } from 'vitest';
import type { Call, World } from '../../../actors/kernel/contract.ts';
import { calls, defineActor, watch } from '../../../actors/kernel/declare.ts';
import { atOnce } from '../../../actors/kernel/slices.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { podNamed, RecordingWorld } from '../../bench/make-recording.ts';
import { compareRecordings } from '../compare/compare-recordings.ts';
import { compareVersions } from '../compare/compare-versions.ts';
import { codeVersion, recordedVersion } from '../compare/version.ts';
import type { Playable } from '../read/playable.ts';
import { Hidden } from './bodies.ts';
import { ReplaySession } from './session.ts';
import { reportTurn, type SaidBoth } from './turn-report.ts';

type Answering = (world: World<unknown>, call: Call) => unknown;

/** Answers as an api-server does: from its view. */
const answering = (answer: Answering) =>
  defineActor({
    name: 'api-server', // whose folder names the possible bodies
    hears: { pods: watch('pods'), api: calls(SUBJECTS.api) },
    says: {},
    behave: ({ api }, world) => api.pipe(map((call) => world.reply(call, answer(world, call)))),
  });
const get: Answering = (world) => world.view.get('pods', 'default', 'web');
const list: Answering = (world) => ({
  apiVersion: 'v1',
  kind: 'PodList',
  metadata: { resourceVersion: String(world.view.revision) },
  items: world.view.list('pods', 'default'),
});
const metadata: Answering = (world, call) => {
  const pod = get(world, call) as { metadata: unknown };
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: pod.metadata };
};

function recorded(verb: string, answer: Answering, cpu = '100m'): Playable {
  const recording = new RecordingWorld(answering(answer));
  recording.world.start();
  recording.put('pods', podNamed('web', cpu));
  recording.world.settle();
  const tokens = { caller: 'me', verb, resource: 'pods', namespace: 'default', name: verb === 'list' ? '_' : 'web' };
  recording.world.call(SUBJECTS.api, tokens, {});
  return recording.playable();
}

/** What is shown where an answer is told otherwise now. */
function differing(playable: Playable, now: Answering): SaidBoth | undefined {
  const session = new ReplaySession(playable, answering(now));
  session.run(({ divergence }) => divergence);
  return reportTurn(session)?.said.find(({ same }) => !same);
}

it.each([
  { what: 'an object', verb: 'get', answer: get },
  { what: 'a list', verb: 'list', answer: list },
  { what: "an object's metadata", verb: 'get', answer: metadata },
])('of $what that was answered, a hash is enough to find what it was', ({ verb, answer }) => {
  const playable = recorded(verb, answer);
  expect(playable.turns.at(-1)?.said).toMatchObject([{ kind: 'reply', hash: expect.any(String) as string }]);
  expect(playable.turns.at(-1)?.said[0]).not.toHaveProperty('body');
  const both = differing(playable, (world, call) => ({ ...(answer(world, call) as object), more: true }));
  expect(both?.diff).toEqual([{ path: 'more', is: true }]);
});

it.each([
  { what: 'an object', verb: 'get', answer: get },
  { what: 'a list', verb: 'list', answer: list },
])('whoever compares a recording with code finds it too: $what', ({ verb, answer }) => {
  const playable = recorded(verb, answer);
  const now = codeVersion(
    'now',
    playable,
    answering((world, call) => ({ ...(answer(world, call) as object), more: true })),
  );
  const { changes } = atOnce(compareVersions(playable, recordedVersion(playable, now.session), now));
  expect(changes).toMatchObject([{ say: 'reply', diff: [{ path: 'more', is: true }] }]);
});

it('an answer that was not what the store held stays unknown, and why is said', () => {
  const both = differing(
    recorded('get', () => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'other' } })),
    get,
  );
  expect(both?.diff).toBeUndefined();
  expect(both?.was?.body).toEqual(
    new Hidden(
      expect.stringMatching(/^\d+ bytes, recorded only as a hash, as answers are; it was not an object/) as string,
    ),
  );
});

it('two recordings are compared by what was answered too', () => {
  const definitionOf = () => answering(get);
  const same = atOnce(compareRecordings(recorded('get', get), recorded('get', get), { definitionOf }));
  expect(same).toMatchObject({ changed: 0, tallies: [{ say: 'reply', of: 1, changed: 0 }] });
  // Also where today's code answers otherwise.
  for (const today of [definitionOf, () => answering(metadata)]) {
    const other = atOnce(compareRecordings(recorded('get', get), recorded('get', get, '2'), { definitionOf: today }));
    expect(other.tallies).toEqual([{ say: 'reply', of: 1, changed: 1, first: 3 }]);
    expect(other.changes[0]).toMatchObject({
      was: { subject: 'troupe.api.me.get.pods.default.web' },
      diff: [{ path: 'spec.containers[0].resources.requests.cpu', was: '100m', is: '2' }],
    });
  }
});
