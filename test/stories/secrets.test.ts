import { expect, it } from 'vitest';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { bucketNames, streamOf } from '../../contracts/store/buckets.ts';
import { readJournal } from '../../ops/replay/read-journal.ts';
import { readStream } from '../../ops/replay/read-stream.ts';
import { expectReplays, expectUnharmed, PREFIX, startSimulatedCluster } from '../support/simulated-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';

/*
 * Goal: a secret's value reaches the container that names it, and lies nowhere in clear.
 * Method: a pod runs with it; then the bytes of every stream and all that the feed told are searched for it, and, so that
 * the search is known to find things, for the name of the pod.
 */
const VALUE = 'hunter2-is-the-value-of-this-secret';
const WORDS = [VALUE, Buffer.from(VALUE).toString('base64')];
const MANIFEST = `
apiVersion: v1
kind: Secret
metadata: { name: db, namespace: default }
stringData: { password: ${VALUE} }
---
apiVersion: v1
kind: Pod
metadata: { name: reader, namespace: default }
spec:
  containers:
    - name: main
      image: app
      env: [{ name: PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }]
`;

it('a secret reaches its container and no stream', async () => {
  const seen: (string | undefined)[] = [];
  const run = (_: readonly string[], env: Readonly<Record<string, string>>) => {
    seen.push(env.PASSWORD);
    return {};
  };
  const cluster = await startSimulatedCluster({ runtime: { images: { app: { present: true, run } } } });
  try {
    const { connection } = cluster.client;
    const told: string[] = [];
    connection.subscribe(`${PREFIX}.changes.>`, {
      callback: (_, { data }) => void told.push(Buffer.from(data).toString('latin1')),
    });
    await connection.flush();
    await cluster.client.applyManifest('default', MANIFEST);
    await waitUntil('the pod runs', 20_000, async () => {
      const pod = await cluster.client.get<Pod>('pods', { namespace: 'default', name: 'reader' });
      return pod.status?.phase === 'Running';
    });
    expect(seen).toEqual([VALUE]);
    await cluster.client.patch('secrets', { namespace: 'default', name: 'db' }, { stringData: { other: VALUE } });

    await expectUnharmed(cluster);
    await expectReplays(cluster);

    const names = bucketNames(PREFIX);
    const buckets = [names.objects, names.events, names.leases].map(streamOf);
    const found: string[] = [];
    for (const stream of [...buckets, names.history, names.checkpoints, names.journal]) {
      let text = '';
      for await (const message of readStream(connection, stream, 1_572_864)) {
        text += Buffer.from(message.data).toString('latin1');
      }
      if (text.includes('reader')) found.push(stream);
      for (const word of WORDS) expect(text.includes(word), `${word} in ${stream}`).toBe(false);
    }
    expect(found).toEqual(expect.arrayContaining([streamOf(names.objects), names.history, names.journal]));
    expect(told.some((text) => text.includes('reader'))).toBe(true);
    for (const word of WORDS) expect(told.filter((text) => text.includes(word))).toEqual([]);

    const kubelet = await readJournal(connection, PREFIX, 'kubelet');
    const turns = kubelet.flatMap((recording) => recording.turns);
    expect(turns.length).toBeGreaterThan(0);
    expect(turns.filter(({ sealed }) => sealed === true)).toEqual([]);
  } finally {
    await cluster.stop();
  }
});
