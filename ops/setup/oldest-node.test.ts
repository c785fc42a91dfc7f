import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What Node got after 20.0, and is easily taken for old. The types that we compile with know all of it. */
const NEWER =
  /\bAbortSignal\.any\b|\bparentPath\b|\bstyleText\b|\bwithResolvers\b|\bimport\.meta\.(?:dir|file)name\b|\breaddir(?:Sync)?\([^;]*\brecursive\b/;

it('what people run asks nothing of Node that 20.0 does not have', () => {
  const files = ['contracts', 'actors', 'runtime-adapters', 'ops'].flatMap((room) =>
    readdirSync(`${ROOT}/${room}`, { recursive: true, encoding: 'utf8' }).map((path) => `${room}/${path}`),
  );
  // Generators and checks run where the tests do, which want a newer Node.
  const elsewhere = /\.test\.ts$|node_modules|^ops\/generate\/|^ops\/bin\/(?:check|ci)\.js$/;
  const sources = files.filter((path) => /\.(ts|js)$/.test(path) && !elsewhere.test(path));
  const code = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8').replace(/\/\*\*.*?\*\//gs, '');
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.filter((path) => NEWER.test(code(path)))).toEqual([]);
});
