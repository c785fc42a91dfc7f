import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { expect, it } from 'vitest';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { writeJournal } from '../../../test/support/journal-stream.ts';
import { openStore } from '../../../test/support/store.ts';
import { withNats } from '../../../test/support/with-nats.ts';
import { type Damaged, readJournal } from './read-journal.ts';

let connection: NatsConnection;
withNats((own) => {
  connection = own;
});

it('tells how many of its messages are lost, each that is no segment, and that none is left', async () => {
  const prefix = 'holed';
  const store = await openStore(connection, prefix);
  const { journal } = bucketNames(prefix);
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  for (const instance of ['a', 'b', 'b'])
    await writeJournal(connection, prefix, { actor: 'scheduler', instance }, Buffer.from('no segment'));
  const told = async (): Promise<readonly string[]> => {
    const damaged: Damaged[] = [];
    expect(await readJournal(connection, prefix, 'scheduler', (one) => damaged.push(one))).toEqual([]);
    return damaged.map(({ actor, instance, problem }) => `${actor}/${instance}: ${problem}`);
  };
  expect(await told()).toHaveLength(3);

  await streams.purge(journal, { filter: SUBJECTS.journal.subject(prefix, { actor: 'scheduler', instance: 'b' }) });
  await writeJournal(connection, prefix, { actor: 'scheduler', instance: 'b' }, Buffer.from('no segment'));
  expect(await told()).toEqual([
    expect.stringMatching(/^scheduler\/a: message 1 of the journal: /),
    expect.stringMatching(/^scheduler\/b: message 4 of the journal: /),
    `journal/${journal}: the journal has lost 2 of its 4 messages, and their turns are missing here: its files are damaged; restore them from a backup`,
  ]);

  await streams.purge(journal);
  expect(await told()).toEqual([
    `journal/${journal}: the journal holds none of the 4 messages that it had; if retention did not drop them, its files are lost: restore them from a backup`,
  ]);
  await store.close();
});
