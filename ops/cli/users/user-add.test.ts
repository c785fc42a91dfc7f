import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { run } from '../../../test/support/command-line.ts';
import { declaredActors } from '../../boot/roles/hosted-actors.ts';
import { up } from '../../boot/up.ts';

/* Goal: who makes a user hears that it may act where there is nothing. Method: a real cluster in a home of its own. */

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const end of ends.splice(0).toReversed()) await end();
});

const add = (...namespaces: readonly string[]) =>
  run('user', 'add', 'alice', ...namespaces.flatMap((name) => ['--namespace', name]));

it('names each namespace that does not exist yet, with the command that makes it', { timeout: 60_000 }, async () => {
  const home = mkdtempSync(join(tmpdir(), 'troupe-user-add-'));
  ends.push(() => rmSync(home, { recursive: true }));
  vi.stubEnv('TROUPE_HOME', home);
  vi.stubEnv('TROUPE_RUNTIME', 'simulated');
  const cluster = await up({ home, port: 0, declaredActors, say: () => undefined });
  let runs = true;
  const end = async (): Promise<void> => {
    if (runs) await cluster.stop();
    runs = false;
  };
  ends.push(end);

  const made = await add('default', 'team-a', 'team-b', 'team-a');
  expect(made.code).toBe(0);
  expect(made.out).toContain('user alice may act in default, team-a, team-b\n');
  const notes = made.err.split('\n').filter((line) => line.startsWith('namespace '));
  expect(notes).toEqual([
    expect.stringMatching(
      /^namespace "team-a" does not exist yet; create it with: echo '.*"team-a"}}' \| \S.* apply -f -$/,
    ),
    expect.stringContaining('namespace "team-b" does not exist yet; create it with: '),
  ]);

  const manifest = join(home, 'team-a.json');
  writeFileSync(manifest, /'(.*)'/.exec(notes[0] ?? '')?.[1] ?? '');
  expect((await run('apply', '-f', manifest)).out).toContain('team-a created\n');
  expect((await add('team-a')).err).toBe('');

  await end();
  const { code, err } = await add('team-c');
  expect({ code, err }).toEqual({
    code: 0,
    err: 'no cluster runs now; the server will know the user when it starts\n',
  });
});
