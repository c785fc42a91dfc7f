import { expect, it, vi } from 'vitest';
import type { Event, EventsEvent, Pod } from '../../contracts/kinds/kinds.ts';
import { expectRefused } from '../support/expect-refused.ts';
import { openWatch } from '../support/open-watch.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';
import { eventsAbout } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

const NEWER = 'events.events.k8s.io';
const HERE = { namespace: 'default' };
const at = (name: string) => ({ ...HERE, name });
const AT = '2026-01-02T03:04:05.000006Z';

/*
 * Goal: one event is the same event in both versions, whoever writes and reads it.
 * Method: written as v1 and read as events.k8s.io/v1, and the reverse; counted and in series; listed, watched, deleted.
 */
it.concurrent(
  'an event written in one version reads the same in the other, counts on, and is watched in both',
  onCluster({}, async ({ client }) => {
    const older = await openWatch<Event>(client, 'events', HERE, {});
    const newer = await openWatch<EventsEvent>(client, NEWER, HERE, {});
    const involvedObject = {
      kind: 'Pod',
      namespace: 'default',
      name: 'web',
      uid: 'u1',
      fieldPath: 'spec.containers{main}',
    };
    const told: Event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web.1' },
      involvedObject,
      reason: 'Pulled',
      message: 'it is here',
      type: 'Normal',
      source: { component: 'kubelet', host: 'n1' },
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:04:05Z',
      count: 1,
    };
    await client.create('events', 'default', told);
    expect(await client.get<EventsEvent>(NEWER, at('web.1'))).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      regarding: involvedObject,
      note: 'it is here',
      reason: 'Pulled',
      deprecatedSource: { component: 'kubelet', host: 'n1' },
      deprecatedFirstTimestamp: '2026-01-02T03:04:05Z',
      deprecatedCount: 1,
    });

    const noted: EventsEvent = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'web.2' },
      eventTime: AT,
      regarding: involvedObject,
      related: { kind: 'Node', name: 'n1' },
      reportingController: 'example.com/judge',
      reportingInstance: 'judge-1',
      action: 'Judging',
      reason: 'Judged',
      type: 'Warning',
      note: 'not good',
      series: { count: 2, lastObservedTime: AT },
    };
    const made = await client.create<EventsEvent>(NEWER, 'default', noted);
    expect(made).toMatchObject(noted);
    expect(await client.get<Event>('events', at('web.2'))).toMatchObject({
      apiVersion: 'v1',
      involvedObject,
      message: 'not good',
      reportingComponent: 'example.com/judge',
      reportingInstance: 'judge-1',
      action: 'Judging',
      eventTime: AT,
      series: { count: 2, lastObservedTime: AT },
      related: { kind: 'Node', name: 'n1' },
    });

    // Told again, in either version, it counts on.
    await client.create('events', 'default', { ...told, lastTimestamp: '2026-01-02T03:05:05Z' });
    const counted = await client.get<EventsEvent>(NEWER, at('web.1'));
    expect(counted).toMatchObject({
      deprecatedCount: 2,
      deprecatedLastTimestamp: '2026-01-02T03:05:05Z',
      deprecatedFirstTimestamp: '2026-01-02T03:04:05Z',
    });
    await expectRefused(client.create('events', 'default', { ...told, message: 'something else' }), 'AlreadyExists');
    const series = { count: 3, lastObservedTime: '2026-01-02T03:09:05.000000Z' };
    await client.patch(NEWER, at('web.2'), { series });
    expect((await client.get<Event>('events', at('web.2'))).series).toEqual(series);
    await client.patch('events', at('web.2'), { message: 'better' });
    expect(await client.get<EventsEvent>(NEWER, at('web.2'))).toMatchObject({ note: 'better', series });

    // What the newer version asks for, and what neither knows.
    const { action: _, ...lazy } = noted;
    await expectRefused(client.create(NEWER, 'default', { ...lazy, metadata: { name: 'web.3' } }), 'Invalid', /action/);
    await expectRefused(
      client.create(NEWER, 'default', { ...told, apiVersion: 'events.k8s.io/v1', metadata: { name: 'web.3' } }),
      'Invalid',
      /involvedObject: unknown field/,
    );
    await expectRefused(
      client.create('events', 'default', {
        ...told,
        metadata: { name: 'web.3' },
        involvedObject: { ...involvedObject, namespace: 'other' },
      }),
      'Invalid',
      /does not match event.namespace/,
    );
    await expectRefused(client.apply('events', at('web.1'), told), 'MethodNotAllowed');

    const aboutWeb = { fieldSelector: 'involvedObject.name=web,type=Warning' };
    const lists = [
      await client.list<Event>('events', HERE, aboutWeb),
      await client.list<EventsEvent>(NEWER, HERE, aboutWeb),
    ] as const;
    for (const { items } of lists) expect(items.map(({ metadata }) => metadata?.name)).toEqual(['web.2']);
    expect([lists[0].items[0]?.message, lists[1].items[0]?.note]).toEqual(['better', 'better']);
    expect(lists.map(({ apiVersion }) => apiVersion)).toEqual(['v1', 'events.k8s.io/v1']);
    const page = await client.request<{ items: Event[]; metadata: { continue?: string } }>('list', 'events', HERE, {
      limit: 1,
      fieldSelector: 'involvedObject.name=web',
    });
    expect([page.items.length, page.metadata.continue === undefined]).toEqual([1, false]);

    await client.delete(NEWER, at('web.1'));
    await expectRefused(client.get('events', at('web.1')), 'NotFound');
    const aboutEvents = (words: readonly string[]) => words.filter((each) => / web\./.test(each));
    const expected = [
      'ADDED web.1',
      'ADDED web.2',
      'MODIFIED web.1',
      'MODIFIED web.2',
      'MODIFIED web.2',
      'DELETED web.1',
    ];
    for (const watch of [older, newer]) {
      await watch.until('the end of web.1', ({ type }) => type === 'DELETED');
      expect(aboutEvents(watch.told())).toEqual(expected);
    }
    expect(older.events).toContainEqual(
      expect.objectContaining({ type: 'ADDED', object: expect.objectContaining({ message: 'not good' }) }),
    );
    expect(newer.events).toContainEqual(
      expect.objectContaining({ type: 'ADDED', object: expect.objectContaining({ note: 'not good' }) }),
    );
  }),
);

/*
 * Goal: what the cluster itself tells can be read in both versions, and what is told again is counted, not repeated.
 * Method: a pod whose only container ends again and again.
 */
it.concurrent(
  'the events of a pod that keeps ending are few, and the same in both versions',
  onCluster({ runtime: { images: { bad: { run: { exitCode: 1, exitAfterMs: 5 } } } } }, async ({ client }) => {
    await client.create('pods', 'default', {
      metadata: { name: 'crash' },
      spec: { containers: [{ name: 'main', image: 'bad' }] },
    });
    await waitUntil('it backs off', 20_000, async () => {
      const pod = await client.get<Pod>('pods', at('crash'));
      return pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff';
    });
    const started = await waitUntil('it was told twice that it started', 10_000, async () =>
      (await eventsAbout(client, 'crash')).find(({ reason, count }) => reason === 'Started' && count === 2),
    );
    const newer = await client.get<EventsEvent>(NEWER, at(started.metadata.name ?? ''));
    expect(newer).toMatchObject({
      deprecatedCount: 2,
      note: started.message,
      regarding: { name: 'crash', fieldPath: 'spec.containers{main}' },
    });
    const reasons = ['BackOff', 'Created', 'Pulled', 'Pulling', 'Scheduled', 'Started'];
    const about = await waitUntil('all of it was told', 10_000, async () => {
      const found = await eventsAbout(client, 'crash');
      return reasons.every((each) => found.some(({ reason }) => reason === each)) && found;
    });
    expect(new Set(about.map(({ reason }) => reason))).toEqual(new Set(reasons));
    expect(about.length).toBeLessThanOrEqual(8); // a message that tells how long a pull took may differ
  }),
);
