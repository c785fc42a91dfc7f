import { beforeEach, describe, expect, it } from 'vitest';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { LonelyApiServer } from '../../../test/support/lonely-api-server.ts';
import type { Heard } from '../../kernel/testing/test-world.ts';

/**
 * Goal: a watch tells every change once, in order; a reader that is slow or gone costs nothing; a crash loses nothing.
 * Method: one api-server in the test world, whose clock only moves when told to.
 */
const configMap = (name: string, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels },
});

let server: LonelyApiServer;
beforeEach(() => {
  server = new LonelyApiServer({ unacknowledged: 4, bookmarkEveryEvents: 3 });
});
const watch = (body: object = {}, place: string[] = ['default']) => server.ask('watch', 'configmaps', place, body);
const put = (name: string, labels?: Record<string, string>): number =>
  server.world.put('configmaps', configMap(name, labels));
const settle = (): string[] => {
  server.world.settle();
  return server.events();
};
const bookmarks = (): Heard[] => {
  server.hear();
  return server.told.splice(0).filter(({ headers }) => headers?.['Troupe-Reply'] !== undefined);
};

describe('what is told', () => {
  it('begins with every object, then every revision in its order', () => {
    put('b');
    put('a');
    expect(watch()).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { resourceVersion: '0' } },
    });
    expect(server.events()).toEqual(['ADDED b@2', 'ADDED a@3']);
    put('a');
    put('c');
    server.world.remove('configmaps', 'default', 'b');
    expect(settle()).toEqual(['MODIFIED a@4', 'ADDED c@5', 'DELETED b@6', 'BOOKMARK @6']);
  });

  it('cut off among the objects it began with, it goes on from any of them, and from the first bookmark', () => {
    for (const name of ['c', 'a', 'b']) put(name);
    put('c');
    expect(watch()).toMatchObject({ object: { metadata: { resourceVersion: '0' } } });
    const begun = server.events();
    expect(begun).toEqual(['ADDED a@3', 'ADDED b@4', 'ADDED c@5', 'BOOKMARK @5']);
    const from = (resourceVersion: string) => {
      watch({ resourceVersion });
      return server.events();
    };
    expect(from('0')).toEqual(begun);
    expect(from('3')).toEqual(['ADDED b@4', 'MODIFIED c@5']);
    expect(from('4')).toEqual(['MODIFIED c@5']);
    expect(from('5')).toEqual([]);
  });

  it('goes on from a revision, also of things that are gone', () => {
    put('a');
    const from = put('b');
    put('c');
    server.world.remove('configmaps', 'default', 'c');
    watch({ resourceVersion: String(from) });
    expect(server.events()).toEqual(['ADDED c@4', 'DELETED c@5']);
  });

  it('an object that stops to match is deleted', () => {
    watch({ labelSelector: 'app=web' });
    put('a', { app: 'web' });
    put('a', { app: 'db' });
    put('a', { app: 'web' });
    expect(settle()).toEqual(['ADDED a@2', 'DELETED a@3', 'ADDED a@4', 'BOOKMARK @4']);
  });

  it('covers a namespace, all of them, or one object', () => {
    watch({}, ['default', 'a']);
    watch({}, ['']);
    put('a');
    put('b');
    server.world.put('configmaps', { ...configMap('a'), metadata: { name: 'a', namespace: 'other' } });
    expect(settle()).toEqual(['ADDED a@2', 'ADDED a@2', 'ADDED b@3', 'ADDED a@4', 'BOOKMARK @4']);
  });

  it('tells when all initial objects were sent', () => {
    put('a');
    watch({ sendInitialEvents: true });
    server.hear();
    expect(server.told.at(-1)?.body).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
  });

  it('refuses what is too long ago', () => {
    const { cache } = server.world;
    cache.relist([], 50);
    expect(watch({ resourceVersion: '7' })).toMatchObject({ kind: 'Status', code: 410 });
  });
});

describe('readers', () => {
  const burst = (from: number, count: number): void => {
    for (let at = from; at < from + count; at++) put(`c${at}`);
    server.world.settle();
  };

  it('one that acknowledges goes on for ever', () => {
    watch();
    for (let round = 0; round < 5; round++) {
      burst(round * 4, 4);
      const [mark] = bookmarks();
      server.acknowledge(mark as Heard);
    }
    expect(Object.keys(server.world.cells()).filter((name) => name.startsWith('watch.'))).toHaveLength(1);
  });

  it('one that does not, ends with 410', () => {
    watch();
    burst(0, 4);
    server.events();
    burst(4, 1);
    expect(server.events()).toEqual([
      'ERROR watch: 4 events were not acknowledged (answer the bookmarks); list again and watch from there@',
    ]);
    burst(5, 1);
    expect(server.events()).toEqual([]);
    expect(server.world.cells()).not.toMatchObject({ watch: expect.anything() });
  });

  it('gets a bookmark every few seconds; one that answers none is dropped', () => {
    watch();
    server.world.advance(16_000);
    expect(server.events()).toEqual(['BOOKMARK @1', 'BOOKMARK @1', 'BOOKMARK @1']);
    server.world.advance(5_000);
    expect(server.events()).toEqual(['END @1']);
    server.world.advance(60_000);
    expect([server.events(), server.world.core.nextDue]).toEqual([[], undefined]);
  });

  it('one that answers stays until its time is up', () => {
    watch({ timeoutSeconds: 60 });
    for (let at = 0; at < 11; at++) {
      server.world.advance(5_000);
      server.acknowledge(bookmarks()[0] as Heard);
    }
    server.world.advance(6_000);
    expect(server.events().at(-1)).toBe('END @1');
  });
});

it('when it is stopped every watch is told what changed, and where to go on; no other one begins', () => {
  put('a');
  watch();
  watch({ labelSelector: 'app=none' });
  const early = server.send('watch', 'events', ['default']);
  server.events();
  put('a');
  server.world.call(SUBJECTS.stopping, { instance: 'one' });
  expect(server.events()).toEqual(['MODIFIED a@3', 'END @3', 'END @3', 'END @0']);
  expect(watch()).toMatchObject({ reason: 'ServiceUnavailable' });
  server.serve();
  expect([server.answers.get(early), server.events()]).toEqual([undefined, []]);
});

it('who watched when it began anew is told so, in the encoding of the question', () => {
  watch({ labelSelector: 'app=web' });
  server.ask('watch', 'configmaps', [''], new TextEncoder().encode('{}'));
  server.send('watch', 'events', ['default']);
  const cells = Object.entries(server.world.cells()).filter(([name]) => name.startsWith('watch.'));
  server = new LonelyApiServer();
  server.world.call(SUBJECTS.left, { instance: 'one' }, Object.fromEntries(cells));
  server.hear();
  const error = { type: 'ERROR', object: { code: 410, message: expect.stringMatching(/began anew; list again/) } };
  const told = server.told.splice(0).map(({ subject, headers, body }) => [subject, headers?.['Content-Type'], body]);
  expect(told.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toMatchObject([
    ['_INBOX.alice.1', undefined, error],
    ['_INBOX.alice.2', 'application/json', error],
    ['_INBOX.alice.3', expect.anything(), error],
  ]);
  put('a');
  server.world.advance(60_000);
  expect(server.events()).toEqual([]);
});

it('a crash loses no watch, no change, no bookmark', () => {
  watch({ labelSelector: 'app=web' });
  put('a', { app: 'web' });
  server.world.settle();
  for (let at = 0; at < 20; at++) {
    server.world.advance(250).crash();
  }
  put('a', { app: 'db' });
  server.world.crash();
  expect(settle()).toEqual(['ADDED a@2', 'BOOKMARK @2', 'DELETED a@3']);
});

describe('the encoding of its question', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const told = (): string[] => {
    server.hear();
    return server.told
      .splice(0)
      .map(({ body, headers }) => `${(body as { type: string }).type} ${headers?.['Content-Type']}`);
  };

  it.each([
    { how: 'JSON', question: bytes('{}'), type: 'application/json' },
    { how: 'nothing', question: undefined, type: 'application/json' },
    { how: 'YAML', question: bytes('timeoutSeconds: 0\n'), type: 'application/yaml' },
    { how: 'a declared type', question: bytes('{}'), declared: 'text/yaml', type: 'application/yaml' },
    { how: 'MessagePack', question: {}, type: undefined },
  ])('$how: is that of all that is told, after a crash too', ({ question, declared, type }) => {
    const headers: Record<string, string> = declared === undefined ? {} : { 'Content-Type': declared };
    server.ask('watch', 'configmaps', ['default'], question, headers);
    put('a');
    server.world.settle();
    server.world.crash();
    put('b');
    server.world.advance(5_000);
    expect(told()).toEqual(['ADDED', 'ADDED', 'BOOKMARK'].map((event) => `${event} ${type}`));
    server.world.advance(60_000);
    expect(told().at(-1)).toBe(`END ${type}`);
  });

  it('is that of an ERROR, and kept only where it is not MessagePack', () => {
    server.ask('watch', 'configmaps', ['default'], bytes('{}'));
    watch();
    const cells = Object.entries(server.world.cells()).filter(([name]) => name.startsWith('watch.'));
    const kept = cells.map(([, cell]) => (cell as { encoding?: string }).encoding);
    expect(new Set(kept)).toEqual(new Set(['application/json', undefined]));
    for (let at = 0; at < 4; at++) put(`c${at}`);
    server.world.settle();
    told();
    put('c4');
    server.world.settle();
    expect(new Set(told())).toEqual(new Set(['ERROR application/json', 'ERROR undefined']));
  });
});

describe('events', () => {
  const event = (name: string, message = 'm') => ({
    metadata: { name },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    message,
    reason: 'R',
    type: 'Normal',
  });
  it('live in a bucket of their own, served in two versions', () => {
    expect(server.ask('create', 'events', ['default'], event('e'))).toMatchObject({
      apiVersion: 'v1',
      involvedObject: { name: 'p' },
    });
    expect(server.ask('create', 'events', ['default'], event('e', 'another'))['code']).toBe(409);
    expect(server.ask('get', 'events.events.k8s.io', ['default', 'e'])).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: { name: 'p' },
      note: 'm',
    });
    expect(server.ask('patch', 'events', ['default', 'e'], { count: 2 })['count']).toBe(2);
    expect(server.ask('list', 'events.events.k8s.io', ['default'])).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      items: [{ note: 'm' }],
    });
    expect(server.ask('list', 'events', [''], { fieldSelector: 'involvedObject.name=q' }).items).toEqual([]);
    expect(server.ask('delete', 'events', ['default', 'e'])['status']).toBe('Success');
    expect(server.ask('get', 'events', ['default', 'e'])['code']).toBe(404);
    expect(server.world.cache.list('events')).toEqual([]);
  });

  it('are watched through what their bucket republishes, and told once', () => {
    server.ask('create', 'events', ['default'], event('old'));
    server.republish();
    const opening = server.send('watch', 'events', ['default']);
    const [listing] = server.open.splice(0);
    server.ask('create', 'events', ['default'], event('between'));
    server.republish();
    expect(server.events()).toEqual([]); // who was cut off after it would have missed those of before
    server.open.push(listing as Heard);
    server.serve();
    expect(server.answers.get(opening)).toMatchObject({ type: 'BOOKMARK' });
    expect(server.events()).toEqual(['ADDED old@1', 'ADDED between@2']);
    server.ask('patch', 'events', ['default', 'old'], { count: 2 });
    server.ask('delete', 'events', ['default', 'between']);
    server.republish();
    expect(server.events()).toEqual(['MODIFIED old@3', 'DELETED between@4']);
  });

  it('that change while those of before are read are told in order, each but once', () => {
    for (const name of ['a', 'b', 'c']) server.ask('create', 'events', ['default'], event(name));
    server.republish();
    server.send('watch', 'events', ['default']);
    const [listing] = server.open.splice(0);
    server.ask('patch', 'events', ['default', 'b'], { count: 2 });
    server.open.push(listing as Heard);
    const answers = server.events();
    expect(answers).toEqual([]);
    server.republish();
    server.serve();
    server.ask('delete', 'events', ['default', 'a']);
    server.republish();
    expect(server.events()).toEqual(['ADDED a@1', 'ADDED c@3', 'ADDED b@4', 'BOOKMARK @4', 'DELETED a@5']);
  });

  it('that are more than a watch begins with, while those of before are read, end it', () => {
    server = new LonelyApiServer({ initialEvents: 2 });
    const opening = server.send('watch', 'events', ['default']);
    const [listing] = server.open.splice(0);
    for (const name of ['a', 'b', 'c', 'd']) server.ask('create', 'events', ['default'], event(name));
    for (const name of ['a', 'b', 'c', 'd']) server.ask('delete', 'events', ['default', name]);
    server.republish();
    server.open.push(listing as Heard);
    server.serve();
    expect(server.answers.get(opening)).toMatchObject({ reason: 'RequestEntityTooLarge' });
    expect(server.events()).toEqual([]);
  });

  it('that were told while the connection was away are not known here: who watches is to list them again', () => {
    server.send('watch', 'pods', ['default']);
    server.send('watch', 'events', ['default']);
    server.serve();
    server.events();
    const opening = server.send('watch', 'events', ['default']);
    server.world.call(SUBJECTS.reconnected, { instance: 'one' });
    const error =
      'ERROR watch: the connection was lost, and events may have been missed; list again and watch from there@';
    expect(server.events()).toEqual([error, error, error]);
    server.serve();
    server.ask('create', 'events', ['default'], event('e'));
    server.republish();
    expect([server.answers.get(opening), server.events()]).toEqual([undefined, []]);
  });

  it('that begin, go on, stop to match a selector, or go, are told so to who watches with it, and no others', () => {
    const change = (name: string, patch: object): void => {
      server.ask('patch', 'events', ['default', name], patch);
    };
    server = new LonelyApiServer();
    server.send('watch', 'events', ['default'], { labelSelector: 'app=web', fieldSelector: 'type=Warning' });
    server.serve();
    server.events();
    for (const name of ['a', 'b', 'other']) server.ask('create', 'events', ['default'], event(name));
    for (const name of ['a', 'b']) change(name, { type: 'Warning', metadata: { labels: { app: 'web' } } });
    change('a', { count: 2 });
    change('other', { count: 2, message: 'line\nné' });
    change('a', { metadata: { labels: { app: 'db' } } });
    change('a', { type: 'Normal' });
    for (const name of ['a', 'b', 'other']) server.ask('delete', 'events', ['default', name]);
    server.republish();
    expect(server.events()).toEqual(['ADDED a@4', 'ADDED b@5', 'MODIFIED a@6', 'DELETED a@8', 'DELETED b@11']);
  });

  describe('more than are read at once', () => {
    const MANY = 1_200;
    const fill = (reason = 'Filler'): void => {
      for (let at = 0; at < MANY; at++) server.ask('create', 'events', ['default'], { ...event(`a${at}`), reason });
      server.ask('create', 'events', ['default'], { ...event('zzz'), reason: 'Target' });
      server.republish();
    };
    beforeEach(() => {
      server = new LonelyApiServer({ batch: 100, initialEvents: 100 });
    });

    it('are all looked through for those of a deletion, and the others stay', () => {
      fill();
      const answer = server.ask('delete', 'events', ['default'], { fieldSelector: 'reason=Target' });
      expect(answer.items.map(({ metadata }) => metadata?.name)).toEqual(['zzz']);
      expect([...server.bucket.keys()]).toHaveLength(MANY);
    });

    it('are refused where too many are chosen, and none is deleted', () => {
      fill();
      expect(server.ask('delete', 'events', ['default'], { fieldSelector: 'reason=Filler' })).toMatchObject({
        code: 413,
      });
      expect(server.ask('delete', 'events', ['default'], {})).toMatchObject({ code: 413 });
      expect([...server.bucket.keys()]).toHaveLength(MANY + 1);
    });

    it('are all looked through for those with which a watch begins', () => {
      fill();
      server.send('watch', 'events', ['default'], { fieldSelector: 'reason=Target' });
      server.serve();
      expect(server.events()).toEqual([`ADDED zzz@${MANY + 1}`]);
      server.send('watch', 'events', ['default'], { resourceVersion: String(MANY) });
      server.serve();
      expect(server.events()).toEqual([`ADDED zzz@${MANY + 1}`]);
    });

    it('are refused where a watch would begin with too many, and nobody watches', () => {
      fill();
      const opening = server.send('watch', 'events', ['default']);
      server.serve();
      expect([server.answers.get(opening), server.events()]).toMatchObject([{ code: 413 }, []]);
      expect(Object.keys(server.world.cells()).filter((name) => name.startsWith('watch.'))).toEqual([]);
    });
  });
});
