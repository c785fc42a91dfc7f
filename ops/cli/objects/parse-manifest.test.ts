import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseManifest } from './parse-manifest.ts';
import { readManifests } from './read-manifests.ts';

const brief = (text: string): string[] =>
  parseManifest(text, 'web.yaml').map((found) =>
    'problem' in found ? `! ${found.problem}` : `${found.at} ${found.object.kind}/${found.object.metadata?.name}`,
  );

describe('parseManifest', () => {
  it('reads numbers and merge keys as the api-server does', () => {
    const [found] = parseManifest(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: &labels {app: web}}\nmode: 0400\nselector: {<<: *labels, tier: x}\n',
      'web.yaml',
    );
    expect(found).toMatchObject({ object: { mode: 256, selector: { app: 'web', tier: 'x' } } });
  });
  it.each([
    { why: 'one document', text: 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}', found: ['web.yaml:1 Pod/a'] },
    {
      why: 'several documents, empty and commented ones left out',
      text: '# hi\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n# none\n---\n\napiVersion: v1\nkind: Node\nmetadata: {name: b}\n',
      found: ['web.yaml:3 Pod/a', 'web.yaml:10 Node/b'],
    },
    { why: 'JSON', text: '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}', found: ['web.yaml:1 Pod/a'] },
    {
      why: 'a List is opened',
      text: 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}',
      found: ['web.yaml:1 Pod/a', 'web.yaml:1 Pod/b'],
    },
    { why: 'nothing', text: '', found: [] },
    {
      why: 'generateName',
      text: 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}',
      found: ['web.yaml:1 Pod/undefined'],
    },
    {
      why: 'broken YAML names its line',
      text: 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\n',
      found: ['! web.yaml:5: Map keys must be unique'],
    },
    {
      why: 'aliases of aliases are not opened',
      text: `a0: &a0 [x,x,x,x]\n${[1, 2, 3, 4, 5].map((n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(6)}]`).join('\n')}`,
      found: ['! web.yaml:1: Excessive alias count (write out what they stand for)'],
    },
    {
      why: 'a name that YAML reads as a number',
      text: 'apiVersion: v1\nkind: Pod\nmetadata: {name: 12}',
      found: ['! web.yaml:1: metadata.name of this Pod is the number 12; write it as text, in quotes'],
    },
    {
      why: 'metadata that is no map',
      text: 'apiVersion: v1\nkind: Pod\nmetadata: web',
      found: ['! web.yaml:1: metadata of this Pod is the text "web"; write metadata: { name: ... }'],
    },
    {
      why: 'no kind',
      text: '\n\napiVersion: v1\n',
      found: ['! web.yaml:3: kind is missing; add a line such as "kind: Deployment"'],
    },
    {
      why: 'no apiVersion',
      text: 'kind: Pod',
      found: ['! web.yaml:1: apiVersion is missing; add a line such as "apiVersion: v1"'],
    },
    {
      why: 'no name',
      text: 'apiVersion: v1\nkind: Pod',
      found: ['! web.yaml:1: metadata.name of this Pod is missing; give it a name'],
    },
    {
      why: 'not an object',
      text: 'hello',
      found: ['! web.yaml:1: this document is the text "hello"; it must be an object with apiVersion and kind'],
    },
  ])('$why', ({ text, found }) => {
    expect(brief(text)).toEqual(found);
  });
});

describe('readManifests', () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-manifests-'));
  const pod = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\n`;
  beforeAll(() => {
    mkdirSync(join(folder, 'all', 'deep'), { recursive: true });
    writeFileSync(join(folder, 'all', 'b.yml'), pod('b'));
    writeFileSync(join(folder, 'all', 'a.yaml'), pod('a'));
    writeFileSync(join(folder, 'all', 'c.json'), '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}');
    writeFileSync(join(folder, 'all', 'notes.txt'), 'not a manifest');
    writeFileSync(join(folder, 'all', 'deep', 'd.yaml'), pod('d'));
    writeFileSync(join(folder, 'bad.yaml'), 'kind: Pod\n---\nfoo: [\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads a folder in name order, deeper ones when told', async () => {
    const names = async (recursive: boolean): Promise<unknown[]> =>
      (await readManifests([join(folder, 'all')], { recursive })).map(({ object }) => object.metadata?.name);
    expect(await names(false)).toEqual(['a', 'b', 'c']);
    expect(await names(true)).toEqual(['a', 'b', 'c', 'd']);
  });
  it('lists every problem with file and line', async () => {
    await expect(readManifests([join(folder, 'bad.yaml')])).rejects.toThrow(
      /bad.yaml:1: apiVersion is missing.*\n.*bad.yaml:\d: /,
    );
  });
  it('says what to do about a missing file', async () => {
    await expect(readManifests(['nowhere.yaml'])).rejects.toThrow(
      'nowhere.yaml: no such file or folder; give -f a manifest',
    );
  });
});
