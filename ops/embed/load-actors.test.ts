import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadActors } from './load-actors.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-actors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const actor = (name: string): string => `{ name: '${name}', hears: {}, says: {}, behave: () => {} }`;
const written = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

it('gives what a module exports as `actors`', async () => {
  const path = written('good.mjs', `export const actors = [${actor('one')}, ${actor('two')}];`);
  expect((await loadActors(path)).map(({ name }) => name)).toEqual(['one', 'two']);
});

it.each([
  { why: 'no', text: 'export const others = [];', says: /exports no actors; write: export const actors = \[yours\]$/ },
  { why: 'none', text: 'export const actors = [];', says: /exports no actors/ },
  { why: 'odd', text: 'export const actors = [1];', says: /: actors\[0\] is not a definition made by defineActor or / },
  { why: 'dots', text: `export const actors = [${actor('a.b')}];`, says: /: actors\[0\] is called "a\.b"; use lower/ },
  { why: 'twice', text: `export const actors = [${actor('a')}, ${actor('a')}];`, says: /: two actors are called "a"$/ },
  { why: 'broken', text: 'throw new Error("oh")', says: /broken\.mjs cannot be loaded: Error: oh$/ },
])('names the module and what is wrong with it: $why', async ({ why, text, says }) => {
  await expect(loadActors(written(`${why}.mjs`, text))).rejects.toThrow(says);
});

it('says when there is no such file', async () => {
  await expect(loadActors('nowhere.mjs')).rejects.toThrow(
    'nowhere.mjs: no such file; give a module that exports `actors`',
  );
});
