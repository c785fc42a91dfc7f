import { map } from 'rxjs';
import { expect, it } from 'vitest';
import { apiServer } from '../../../actors/api-server/api-server.ts';
import type { Json } from '../../../actors/kernel/contract.ts';
import type { ActorDefinition } from '../../../actors/kernel/declare.ts';
import { MemoryHistory } from '../../../actors/kernel/replay.ts';
import { atOnce } from '../../../actors/kernel/slices.ts';
import { type ContentType, encode, JSON_TYPE, MSGPACK_TYPE, YAML_TYPE } from '../../../contracts/codec/codec.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { LonelyApiServer } from '../../../test/support/lonely-api-server.ts';
import { compareVersions, type DecisionChange } from '../compare/compare-versions.ts';
import { codeVersion, recordedVersion } from '../compare/version.ts';
import type { Playable } from '../read/playable.ts';
import { Hidden } from './bodies.ts';

/*
 * Goal: what an api-server answered and told its watches is shown, though its recording has hashes alone.
 * Method: record one; set it beside one that adds a field to whatever it says to an inbox: that field is the difference.
 */

const pod = (name: string, app = name): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app } },
  spec: { containers: [{ name: 'c', image: 'busybox' }] },
});

function recorded(act: (cluster: LonelyApiServer) => void): Playable {
  const cluster = new LonelyApiServer({ pageItems: 3 });
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    cluster.ask('create', 'pods', ['default'], pod(name, name < 'd' ? 'first' : 'last'));
  act(cluster);
  const { incarnation, turns, writes } = cluster.world.recording();
  return { incarnation, turns, history: new MemoryHistory(writes) };
}

function adding({ incarnation }: Playable): ActorDefinition {
  const definition = apiServer(incarnation.config as unknown as Parameters<typeof apiServer>[0]);
  return {
    ...definition,
    behave: (inputs, world) =>
      definition
        .behave(inputs, world)
        .pipe(
          map((said) =>
            said.kind === 'reply' || said.say === 'event'
              ? { ...said, body: { ...(said.body as Record<string, Json>), more: true } }
              : said,
          ),
        ),
  };
}

function changes(playable: Playable): readonly DecisionChange[] {
  const now = codeVersion('now', playable, adding(playable));
  return atOnce(compareVersions(playable, recordedVersion(playable, now.session), now)).changes;
}

const asked = (body: object, type: ContentType): readonly [Uint8Array, Record<string, string>] => [
  encode(body, type),
  { [HEADER.contentType]: type },
];

it.each<{ what: string; answers: number; act: (cluster: LonelyApiServer) => void }>([
  { what: 'an object', answers: 1, act: (cluster) => void cluster.ask('get', 'pods', ['default', 'a']) },
  {
    what: 'an object in JSON',
    answers: 1,
    act: (cluster) => void cluster.ask('get', 'pods', ['default', 'a'], ...asked({}, JSON_TYPE)),
  },
  {
    what: 'a list in YAML',
    answers: 1,
    act: (cluster) => void cluster.ask('list', 'namespaces', [], ...asked({ limit: 2 }, YAML_TYPE)),
  },
  {
    what: 'what was applied, thrice',
    answers: 3,
    act: (cluster) => {
      for (const app of ['other', 'other', 'another']) cluster.ask('apply', 'pods', ['default', 'z'], pod('z', app));
    },
  },
  {
    what: 'what was applied, with its warnings',
    answers: 2,
    act: (cluster) => {
      const spec = { containers: [{ name: 'c', image: 'busybox' }], hostPID: true };
      const warned = (app: string): object => ({ ...pod('z', app), spec });
      for (const app of ['other', 'another']) cluster.ask('apply', 'pods', ['default', 'z'], warned(app));
    },
  },
  {
    what: 'what was patched',
    answers: 1,
    act: (cluster) => void cluster.ask('patch', 'pods', ['default', 'a'], { metadata: { labels: { app: 'other' } } }),
  },
  {
    what: 'a list by a selector of labels',
    answers: 1,
    act: (cluster) => void cluster.ask('list', 'pods', ['default'], { labelSelector: 'app=last' }),
  },
  {
    what: 'a list by a selector of fields, of which nothing is',
    answers: 1,
    act: (cluster) => void cluster.ask('list', 'pods', [], { fieldSelector: 'spec.nodeName=n1' }),
  },
  {
    what: 'that there is no such object',
    answers: 1,
    act: (cluster) => void cluster.ask('get', 'pods', ['default', 'z']),
  },
  {
    what: 'that there is one already',
    answers: 1,
    act: (cluster) => void cluster.ask('create', 'pods', ['default'], pod('a')),
  },
  {
    what: 'the metadata of a list',
    answers: 1,
    act: (cluster) =>
      void cluster.ask('list', 'pods', [], ...asked({ labelSelector: 'app=last' }, MSGPACK_TYPE).slice(0, 1), {
        [HEADER.contentType]: MSGPACK_TYPE,
        [HEADER.accept]: 'application/json;as=PartialObjectMetadataList',
      }),
  },
  {
    what: 'pages, of which the later show the moment of the first',
    answers: 4,
    act: (cluster) => {
      const first = cluster.ask('list', 'pods', ['default']);
      cluster.ask('delete', 'pods', ['default', 'e'], { gracePeriodSeconds: 0 });
      const next = { continue: (first.metadata as { continue?: string }).continue };
      cluster.ask('list', 'pods', ['default'], next);
      cluster.ask('list', 'pods', ['default'], { ...next, labelSelector: 'app=last', limit: 1 });
    },
  },
])('of answers: $what', ({ answers, act }) => {
  const before = changes(recorded(() => undefined)).length;
  const found = changes(recorded(act)).slice(before);
  expect(found.map(({ say }) => say)).toEqual(Array.from({ length: answers }, () => 'reply'));
  for (const { was, diff } of found) {
    expect(was?.body).not.toBeInstanceOf(Hidden);
    expect(diff).toEqual([{ path: 'more', is: true }]);
  }
});

it.each<{ what: string; body: object; type?: ContentType; events: readonly string[] }>([
  {
    what: 'from the beginning',
    body: {},
    events: ['ADDED a', 'ADDED b', 'ADDED c', 'ADDED d', 'ADDED e', 'MODIFIED a', 'ADDED f', 'DELETED b'],
  },
  {
    what: 'with a mark where the beginning ends',
    body: { sendInitialEvents: true, labelSelector: 'app=last' },
    events: ['ADDED d', 'ADDED e', 'BOOKMARK ', 'ADDED a'],
  },
  {
    what: 'in JSON, of objects that begin to match and cease to',
    body: { resourceVersion: '3', labelSelector: 'app=first' },
    type: JSON_TYPE,
    events: ['ADDED c', 'DELETED a', 'DELETED b'],
  },
])('of watches: $what', ({ body, type = MSGPACK_TYPE, events }) => {
  const playable = recorded((cluster) => {
    cluster.send('watch', 'pods', ['default'], ...asked(body, type));
    cluster.serve();
    cluster.ask('patch', 'pods', ['default', 'a'], { metadata: { labels: { app: 'last' } } });
    cluster.ask('create', 'pods', ['default'], pod('f', 'other'));
    cluster.ask('delete', 'pods', ['default', 'b'], { gracePeriodSeconds: 0 });
    cluster.world.settle().advance(6_000);
  });
  const told = changes(playable).filter(({ say }) => say === 'event');
  expect(
    told.map(({ was }) => {
      if (was?.body instanceof Hidden) return 'hidden';
      const event = was?.body as { type: string; object: { metadata: { name?: string } } };
      return `${event.type} ${event.object.metadata.name ?? ''}`;
    }),
  ).toEqual([...events, 'BOOKMARK ']);
  for (const { diff } of told) expect(diff).toEqual([{ path: 'more', is: true }]);
});

it('of a watch of events, whose bucket keeps no history: what was heard', () => {
  const playable = recorded((cluster) => {
    cluster.send('watch', 'events', ['default'], {});
    cluster.serve();
    cluster.ask('create', 'events', ['default'], {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' },
      reason: 'Started',
      message: 'm',
      type: 'Normal',
    });
    cluster.republish();
  });
  const told = changes(playable).filter(({ say }) => say === 'event');
  expect(told).toMatchObject([{ was: { body: { type: 'ADDED' } }, diff: [{ path: 'more', is: true }] }]);
});

it('of what it had the store write, which the history holds at the revision that was answered', () => {
  const playable = recorded((cluster) => {
    cluster.ask('patch', 'pods', ['default', 'a'], { metadata: { labels: { app: 'other' } } });
    cluster.ask('create', 'secrets', ['default'], { metadata: { name: 's' }, stringData: { password: 'hunter2' } });
  });
  const definition = apiServer(playable.incarnation.config as unknown as Parameters<typeof apiServer>[0]);
  const marking: ActorDefinition = {
    ...definition,
    behave: (inputs, world) => {
      const says = world.say as { put: (body: { object: object }) => unknown };
      const put = (body: { object: object }) => says.put({ ...body, object: { ...body.object, more: true } });
      return definition.behave(inputs, { ...world, say: { ...says, put } });
    },
  };
  const now = codeVersion('now', playable, marking);
  const { changes: found } = atOnce(compareVersions(playable, recordedVersion(playable, now.session), now));
  const puts = found.filter(({ say }) => say === 'put');
  expect(puts).toHaveLength(7);
  for (const { diff } of puts) expect(diff).toEqual([{ path: 'object.more', is: true }]);
  expect(JSON.stringify(found)).not.toContain(Buffer.from('hunter2').toString('base64'));
});
