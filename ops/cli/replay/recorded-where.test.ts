import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { encodeSegment } from '../../../actors/kernel/journal/journal.ts';
import { ensureAssets } from '../../../actors/store/ensure-assets.ts';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { run } from '../../../test/support/command-line.ts';
import { writeJournal } from '../../../test/support/journal-stream.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { recordScheduling } from '../../bench/make-recording.ts';
import { homePaths } from '../../boot/home/home.ts';
import { authorizationBlock } from '../../boot/nats/nats-config.ts';
import { declaredActors } from '../../boot/roles/hosted-actors.ts';
import { newSeed } from '../../boot/users/nkeys.ts';
import { type Permissions, planPermissions } from '../../boot/users/plan-permissions.ts';
import { decodeRecordingFile } from '../../replay/read/recording-file.ts';

/*
 * Goal: recordings on a nats-server that is not Troupe's are read as whom the person is there, and who may not is told which
 * right is lacking. Method: the printed users, and some with less, on a real server that holds a journal.
 */

const names = bucketNames('troupe');
const operator = planPermissions('troupe', 'ann', { kind: 'operator' });
const without = (user: string, lacks: RegExp): Permissions => {
  const { publish, ...rest } = planPermissions('troupe', user, { kind: 'operator' });
  return { ...rest, publish: publish.filter((subject) => !lacks.test(subject)) };
};
const users: Readonly<Record<string, Permissions>> = {
  master: planPermissions('troupe', 'master', { kind: 'system', declared: declaredActors.master }),
  ann: operator,
  bob: planPermissions('troupe', 'bob', { kind: 'tenant', namespaces: ['team-a'] }),
  undirected: without('undirected', /DIRECT\.GET/),
  mirrorless: without('mirrorless', /\.troupe-history/),
  uncheckpointed: without('uncheckpointed', /\.troupe-checkpoints/),
};
const seeds = Object.fromEntries(Object.keys(users).map((name) => [name, newSeed()]));
const seedOf = (name: string): string => seeds[name]?.seed ?? '';

let folder: string;
let server: TestNatsServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-elsewhere-'));
  const all = Object.entries(users).map(([name, permissions]) => ({
    name,
    publicKey: seeds[name]?.publicKey ?? '',
    permissions,
  }));
  server = await startNatsServer({ config: authorizationBlock(all) });
  const connection = await connectAs(server, { name: 'master', seed: seedOf('master') });
  await ensureAssets({ connection, prefix: 'troupe', replicas: 1, leaseTtlMs: 10_000, keep: undefined });
  const { incarnation, turns } = recordScheduling({ nodes: 2, pods: 4, batch: 2 });
  const js = jetstream(connection);
  const segment = encodeSegment({ incarnation, gap: 0, turns });
  await writeJournal(connection, 'troupe', { actor: 'scheduler', instance: 'test' }, segment);
  const at = `$KV.${names.objects}.${storeKey('configmaps', 'default', 'any')}`;
  await js.publish(at, '{"apiVersion":"v1","kind":"ConfigMap"}');
  const { seq } = await js.publish(at, '{"apiVersion":"v1","kind":"ConfigMap"}');
  const { streams } = await jetstreamManager(connection);
  await waitUntil('the mirror has it', 5_000, async () => (await streams.info(names.history)).state.last_seq >= seq);
  await streams.purge(names.history, { seq }); // a beginning that is gone is looked for in the checkpoints
  await connection.close();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => vi.stubEnv('TROUPE_HOME', join(folder, 'home')));
afterEach(() => void vi.unstubAllEnvs());

function be(user: string): void {
  vi.stubEnv('TROUPE_URL', server.url);
  vi.stubEnv('TROUPE_USER', user);
  vi.stubEnv('TROUPE_NKEY', seedOf(user));
}

it('an operator lists, exports and plays what is recorded there, with no home of her own', async () => {
  be('ann');
  expect(await run('record', 'ls')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/\nscheduler +test /) as string,
  });
  const file = join(folder, 'there.troupe');
  expect((await run('record', 'export', '-o', file)).err).toMatch(/1 recording, /);
  const { recordings } = decodeRecordingFile(file, readFileSync(file));
  expect(recordings.map(({ incarnation: { self } }) => self.actor)).toEqual(['scheduler']);
  for (const args of [['--check'], ['scheduler']]) {
    // What it saw was never in this store: what is told of that proves that journal, history and checkpoints were read.
    const { code, out } = await run('replay', ...args);
    expect(out).toMatch(/scheduler.*not played \(12 turns .*: the history has lost revision 1 of /s);
    expect(code).toBe(3); // nobody knows whether they would go the same
  }
  expect(await run('replay', 'dispatcher')).toMatchObject({
    code: 3,
    err: expect.stringMatching(/no actor "dispatcher" is recorded; there are: scheduler\n$/) as string,
  });
});

it('a context names her too, by flag or by environment', async () => {
  const context = join(folder, 'there.json');
  const nkey = join(folder, 'ann.nk');
  writeFileSync(nkey, seedOf('ann'));
  writeFileSync(context, JSON.stringify({ url: server.url, nkey, inbox_prefix: inboxPrefix('ann') }));
  expect((await run('record', 'ls', '--context', context)).out).toMatch(/\nscheduler +test /);
  expect((await run('replay', '--check', '--context', context)).out).toMatch(/\nscheduler +test /);
  vi.stubEnv('TROUPE_CONTEXT', context);
  expect((await run('record', 'ls')).out).toMatch(/\nscheduler +test /);
});

it.each([
  {
    user: 'bob',
    lacks: /NATS refuses to publish \$JS\.API\.STREAM\.INFO\.troupe-journal; an operator has the permission: set /,
  },
  {
    user: 'undirected',
    lacks: /NATS refuses to publish \$JS\.API\.DIRECT\.GET\.troupe-journal; an operator has the permission/,
  },
  {
    user: 'mirrorless',
    lacks: /NATS refuses to publish \$JS\.API\.STREAM\.INFO\.troupe-history; an operator has the permission/,
  },
  {
    user: 'uncheckpointed',
    lacks: /NATS refuses to publish \$JS\.API\.STREAM\.INFO\.troupe-checkpoints; an operator has the permission/,
  },
])('$user is told which right is lacking, and who has it', async ({ user, lacks }) => {
  be(user);
  const { code, err } = await run('record', 'export', '-o', join(folder, 'none.troupe'));
  expect(err).toMatch(new RegExp(`^troupe record export: read the recordings at \\S+ as ${user}: ${lacks.source}`));
  expect(code).toBe(1);
  const checked = await run('replay', '--check');
  expect(checked.err).toMatch(lacks);
  expect(checked.code).toBe(3);
});

it('a key that is named and another name than its own: the name is to be set', async () => {
  vi.stubEnv('TROUPE_URL', server.url);
  vi.stubEnv('TROUPE_NKEY', seedOf('ann'));
  expect((await run('record', 'ls')).err).toMatch(
    /as anonymous: NATS refuses to subscribe to _INBOX\.anonymous\.\S+; name the user whose key this is in TROUPE_USER\n$/,
  );
});

it('a server on which no master ever was, and one without JetStream, are told apart', async () => {
  const empty = await startNatsServer({});
  vi.stubEnv('TROUPE_URL', empty.url);
  expect((await run('replay', '--check')).err).toMatch(
    /the stream troupe-journal, which the first master of a cluster creates, does not exist; check TROUPE_URL and TROUPE_PREFIX\n$/,
  );
  const core = await startNatsServer({ jetstream: false });
  vi.stubEnv('TROUPE_URL', core.url);
  expect((await run('record', 'ls')).err).toMatch(
    /JetStream is disabled there, or for this user's account; check TROUPE_URL\n$/,
  );
  vi.stubEnv('TROUPE_URL', 'nats://127.0.0.1:1');
  expect((await run('record', 'ls')).err).toMatch(/nats-server at nats:\/\/127\.0\.0\.1:1 cannot be reached/);
});

it('who names no server is told that there may be one', async () => {
  const { err, code } = await run('record', 'ls');
  expect(err).toMatch(
    / has no cluster and so no recordings; start one with "troupe up", .* name another .* TROUPE_URL\n$/,
  );
  expect(code).toBe(1);
});

it("the home's own server is read as the home is, though it is named and does not run", async () => {
  const paths = homePaths(join(folder, 'own'));
  vi.stubEnv('TROUPE_HOME', paths.home);
  const { up } = await import('../../boot/up.ts');
  vi.stubEnv('TROUPE_RUNTIME', 'simulated');
  const cluster = await up({ home: paths.home, port: 0, declaredActors, say: () => undefined });
  await cluster.stop();
  vi.stubEnv('TROUPE_URL', cluster.cluster.url);
  expect((await run('record', 'ls')).out).toMatch(/\napi-server /);
}, 60_000);
