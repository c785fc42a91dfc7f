import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { STATUS_CODES } from '../../contracts/errors/status.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const markdownIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return folder === '.' ? [] : markdownIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
const ROOMS = ['contracts', 'actors', 'runtime-adapters', 'ops', 'test'];
const PAGES = ['.', ...ROOMS].flatMap(markdownIn);

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of read(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    let [anchor, count] = [slug, 0];
    while (anchors.has(anchor)) anchor = `${slug}-${(count += 1)}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Targets of a page's relative links that lack their file or their heading. */
function brokenLinksIn(page: string): readonly string[] {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(target).has(anchor);
  });
}

it.each(PAGES)('%s: every link leads to a file of the project, and to a heading in it', (page) => {
  expect(brokenLinksIn(page)).toEqual([]);
});

it.each(PAGES)('%s: every file that it names is there', (page) => {
  const paths = new RegExp(`\`((?:${ROOMS.join('|')})/[\\w./-]+)\``, 'g');
  const named = [...read(page).matchAll(paths)].map(([, path = '']) => path);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

const linesIn = (page: string): number => read(page).trimEnd().split('\n').length;

it.each(['README.md', 'ops/docs/figures.md'])('%s has at most 120 lines', (page) => {
  expect(linesIn(page)).toBeLessThanOrEqual(120);
});

it('the page of the concepts has at most 1,200 words', () => {
  expect(read('ops/docs/concepts.md').split(/\s+/).length).toBeLessThanOrEqual(1_200);
});

it('every dependency has its reason', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const page = read('ops/docs/dependencies.md');
  const missing = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !page.includes(`\`${name}\``));
  expect(missing).toEqual([]);
  const [packages = ''] = page.split('\n## Programs');
  const lines = [...packages.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell.replace(/\(.*\)/, ''));
  const explained = lines.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
  expect(explained.toSorted()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).toSorted());
});

it('every reason of a refusal is explained', () => {
  const page = read('ops/docs/errors.md');
  const missing = Object.entries(STATUS_CODES).filter(
    ([reason, code]) => !page.includes(`| \`${reason}\` | ${code} |`),
  );
  expect(missing).toEqual([]);
});

it('every field of a pod that is accepted and not acted upon is in the page of differences', () => {
  const page = read('ops/docs/differences.md');
  const table = read('contracts/kinds/pod-template/not-acted-upon.ts');
  const fields = [...table.matchAll(/^ {2}(\w+): \[/gm)].map(([, field = '']) => field);
  expect(fields.length).toBeGreaterThan(20);
  expect(fields.filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
});

it.each(['actors.mjs', 'service.mjs'])('the page on embedding shows %s as it is', (file) => {
  const text = read(`ops/examples/embedded/${file}`).replaceAll(/^(?=.)/gm, '    ');
  expect(read('ops/docs/embedding.md')).toContain(text);
});

it('the page of figures names the cases of the bench, in their order', () => {
  const cases = [...read('ops/bench/cases.ts').matchAll(/\bname: '(\w+)'/g)].map(([, name = '']) => name);
  expect(cases.length).toBeGreaterThan(5);
  const [, named = ''] = /^ +npm run bench -- .*# of (.+)$/m.exec(read('ops/docs/figures.md')) ?? [];
  expect(named.split(', ')).toEqual(cases);
});

it('every actor is in the page of the concepts', () => {
  const page = read('ops/docs/concepts.md');
  const folders = readdirSync(join(ROOT, 'actors'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['kernel', 'controllers'].includes(entry.name))
    .map(({ name }) => name);
  const controllers = readdirSync(join(ROOT, 'actors/controllers'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'shared')
    .map(({ name }) => name);
  expect([...folders, ...controllers].filter((name) => !page.includes(name))).toEqual([]);
});
