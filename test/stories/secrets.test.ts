import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Checkpoints } from '../../actors/store/checkpoints.ts';
import { bucketNames, streamOf } from '../../contracts/store/buckets.ts';
import { readJournal } from '../../ops/replay/read/read-journal.ts';
import { readStream } from '../../ops/replay/read/read-stream.ts';
import { readFilesBelow } from '../support/read-files.ts';
import {
  expectReplays,
  expectUnharmed,
  PREFIX,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';
import { podRuns } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: a secret's value reaches the container that names it, and lies nowhere in clear, by whatever way it came in and
 * whatever mistake was made on the way.
 * Method: values come in by every way and by every mistake, each its own word; a checkpoint is written. Then the bytes of
 * every stream, of the server's files, of all that was told to anyone and of all that processes logged are searched for
 * each of them, and, so that the search is known to find things, for the name of a pod.
 */
const word = (how: string): string => `hunter2-${how}-is-a-value`;
const WAYS = [
  'data',
  'string-data',
  'applied',
  'verb-apply',
  'patched',
  'json-patched',
  'updated',
  'annotated',
] as const;
const MISTAKES = [
  'as-pod',
  'as-pod-yaml',
  'as-configmap',
  'as-update',
  'as-list',
  'as-patch',
  'as-apply',
  'unknown-field',
  'no-base64',
  'no-base64-published',
  'bad-name-published',
  'cut-short',
  'unlistened',
  'other-case',
  'other-case-published',
  'plural-published',
  'misspelt-published',
  'no-kind-published',
  'other-resource',
  'misspelt-resource',
  'escaped',
  'escaped-resource',
  'kindless-owned-published',
  'kindless-listed-published',
] as const;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secretOf = (name: string, data: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, ...data });
const dataOf = (how: string) => ({ data: { password: base64(word(how)) } });

/** Base64 of a text within a longer one begins at any of three bits; each has its own letters. */
const spellings = (text: string): readonly string[] => [
  text,
  ...[0, 1, 2].map((shift) => base64(`${'x'.repeat(shift)}${text}`).slice(4, -4)),
  Buffer.from(text).toString('hex'),
];

const READER = `
apiVersion: v1
kind: Secret
metadata: { name: applied, namespace: default }
stringData: { password: ${word('applied')} }
---
apiVersion: v1
kind: Pod
metadata: { name: reader, namespace: default }
spec:
  containers:
    - name: main
      image: app
      env: [{ name: BY_KEY, valueFrom: { secretKeyRef: { name: data, key: password } } }]
      envFrom: [{ prefix: ALL_, secretRef: { name: applied } }]
`;

let cluster: SimulatedCluster;
const seen: Readonly<Record<string, string>>[] = [];
const told: string[] = [];
const refusals: string[] = [];

beforeAll(async () => {
  const run = (_: readonly string[], env: Readonly<Record<string, string>>) => {
    seen.push(env);
    return { output: [{ atMs: 0, text: 'reader has begun' }] };
  };
  cluster = await startSimulatedCluster({ runtime: { images: { app: { present: true, run } } } });
  for (const subject of [`${PREFIX}.changes.>`, `${PREFIX}.outcome.operator`, `${PREFIX}.heartbeat.>`]) {
    cluster.client.connection.subscribe(subject, {
      callback: (_, { data }) => void told.push(Buffer.from(data).toString('latin1')),
    });
  }
  await cluster.client.connection.flush();
});
afterAll(() => cluster?.stop());

it('secrets come in by every way, and reach the container that names them', async () => {
  const { client } = cluster;
  const at = (name: string) => ({ namespace: 'default', name });
  await client.create('secrets', 'default', secretOf('data', dataOf('data')));
  await client.create('secrets', 'default', secretOf('strings', { stringData: { password: word('string-data') } }));
  await client.applyManifest('default', READER);
  await client.apply('secrets', at('by-verb'), secretOf('by-verb', { stringData: { password: word('verb-apply') } }));
  await client.patch('secrets', at('strings'), { stringData: { other: word('patched') } });
  await client.patch('secrets', at('strings'), [
    { op: 'add', path: '/data/third', value: base64(word('json-patched')) },
  ]);
  await client.request('update', 'secrets', at('by-verb'), secretOf('by-verb', dataOf('updated')));
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(dataOf('annotated')) };
  await client.create('secrets', 'default', { kind: 'Secret', metadata: { name: 'annotated', annotations } });
  await podRuns(client, 'reader');
  expect(seen).toEqual([expect.objectContaining({ BY_KEY: word('data'), ALL_password: word('applied') })]);
});

it('mistakes are refused', async () => {
  const { client } = cluster;
  const { connection, caller } = client;
  const refused = async (subject: string, body: unknown): Promise<void> => {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    refusals.push((await connection.request(subject, payload, { timeout: 10_000 })).string());
  };
  const api = (verb: string, resource: string, name = '_') =>
    `${PREFIX}.api.${caller}.${verb}.${resource}.default.${name}`;
  const mistaken = (how: (typeof MISTAKES)[number]) => secretOf('mistaken', dataOf(how));
  await refused(api('create', 'pods'), mistaken('as-pod'));
  await refused(
    api('create', 'pods'),
    `kind: Secret\nmetadata: { name: x }\nstringData: { p: ${word('as-pod-yaml')} }\n`,
  );
  await refused(api('create', 'configmaps'), mistaken('as-configmap'));
  await refused(api('update', 'configmaps', 'mistaken'), mistaken('as-update'));
  await refused(api('create', 'pods'), { kind: 'List', items: [mistaken('as-list')] });
  await refused(api('patch', 'pods', 'reader'), mistaken('as-patch'));
  await refused(api('apply', 'deployments', 'mistaken'), mistaken('as-apply'));
  await refused(api('create', 'secrets'), { ...mistaken('unknown-field'), dato: { password: word('unknown-field') } });
  await refused(api('create', 'secrets'), secretOf('mistaken', { data: { password: word('no-base64') } }));
  await refused(api('create', 'pods'), JSON.stringify(mistaken('cut-short')).slice(0, -2));
  const manifest = `${PREFIX}.apply.${caller}.default`;
  await refused(manifest, `kind: secret\nmetadata: { name: x }\nstringData: { p: ${word('other-case')} }\n`);
  await refused(api('patch', 'secret', 'data'), dataOf('other-resource'));
  await refused(api('update', 'Secerts', 'data'), { stringData: { password: word('misspelt-resource') } });
  await refused(api('patch', '=73ecrts', 'my'), { stringData: { password: word('escaped-resource') } });
  const escaped = { ...mistaken('escaped'), stringData: { password: word('escaped') } };
  await refused(api('update', 'configmaps', 'mistaken'), JSON.stringify(escaped).replace('"Secret"', '"\\u0053ecret"'));
  await refused(`${PREFIX}.actor.scheduler.m1.status`, mistaken('unlistened'));
  expect(refusals.slice(0, -1).filter((text) => !/"?kind"?: ?"?Status/.test(text))).toEqual([]);

  const published = [
    secretOf('mistaken', { data: { password: word('no-base64-published') } }),
    secretOf('Not_A_Name', dataOf('bad-name-published')),
    { ...secretOf('mistaken', { stringData: { p: word('other-case-published') } }), kind: 'secret' },
    { ...secretOf('mistaken', { stringData: { p: word('plural-published') } }), kind: 'Secrets' },
    { ...secretOf('mistaken', { stringData: { p: word('misspelt-published') } }), kind: 'Secert' },
    { metadata: { name: 'mistaken' }, stringData: { p: word('no-kind-published') } },
    {
      metadata: { name: 'mistaken', ownerReferences: [{ kind: 'ReplicaSet' }] },
      stringData: { p: word('kindless-owned-published') },
    },
    {
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'listed' } },
        { metadata: { name: 'mistaken' }, stringData: { p: word('kindless-listed-published') } },
      ],
    },
  ];
  for (const object of published) connection.publish(manifest, JSON.stringify(object));
  await waitUntil(
    'all outcomes are told',
    10_000,
    () => told.filter((text) => /Invalid|BadRequest/.test(text)).length >= published.length,
  );
});

it('none of them lies in a stream, on the disk, in a log or in what was told', async () => {
  const { connection } = cluster.client;
  await expectUnharmed(cluster);
  await expectReplays(cluster);

  const master = await cluster.connect('master');
  try {
    const manager = await jetstreamManager(master, { checkAPI: false });
    const checkpoints = new Checkpoints({ connection: master, manager, prefix: PREFIX, clusterKey: cluster.key });
    const { cache } = cluster.master.host;
    expect(cache.list('secrets').length).toBeGreaterThan(3);
    expect(await checkpoints.write(cache)).toBe(true);
    const read = await checkpoints.read(cache.revision);
    expect(read?.entries.some(({ key }) => key === 'secrets.default.data')).toBe(true);
  } finally {
    await master.close();
  }

  const names = bucketNames(PREFIX);
  const places = new Map<string, string>();
  const buckets = [names.objects, names.events, names.leases].map(streamOf);
  for (const stream of [...buckets, names.history, names.checkpoints, names.journal]) {
    let text = '';
    for await (const { subject, data, headers } of readStream(connection, stream)) {
      text += `${subject} ${[...headers].join(' ')} ${Buffer.from(data).toString('latin1')}\n`;
    }
    places.set(stream, text);
  }
  places.set('files', readFilesBelow(cluster.server.storeDir).join('\n'));
  places.set('told', told.join('\n'));
  places.set('logs', `${cluster.log.join('\n')}\n${cluster.server.log()}`);
  places.set('stats', JSON.stringify(await cluster.stats()));
  places.set('pods', JSON.stringify(await cluster.client.list('pods', {})));
  places.set('events', JSON.stringify(await cluster.client.list('events', {})));
  const output = await cluster.client.request('get', 'pods/log', { namespace: 'default', name: 'reader' }, {});
  places.set('output', JSON.stringify(output));

  const found = [...places].filter(([, text]) => text.includes('reader')).map(([place]) => place);
  const searchable = [
    streamOf(names.objects),
    names.history,
    names.checkpoints,
    names.journal,
    'files',
    'told',
    'pods',
  ];
  expect(found).toEqual(expect.arrayContaining([...searchable, 'output']));
  const leaks = [...places].flatMap(([place, text]) =>
    [...WAYS, ...MISTAKES]
      .filter((how) => spellings(word(how)).some((spelling) => text.includes(spelling)))
      .map((how) => `${how} in ${place}`),
  );
  expect(leaks).toEqual([]);
});

it('nothing of it passes a kubelet', async () => {
  const kubelet = await readJournal(cluster.client.connection, PREFIX, 'kubelet');
  const turns = kubelet.flatMap((recording) => recording.turns);
  expect(turns.length).toBeGreaterThan(0);
  expect(turns.filter(({ sealed }) => sealed === true)).toEqual([]);
});
