import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../boot/home/project-root.ts';
import type { Model, ModelField } from './plan-kinds.ts';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

/** A comment without the `*` at the start of lines and the backslashes that the models' generator put before quotes. */
const plain = (comment: string): string =>
  comment
    .replace(/^\s*\*\s?/gm, '')
    .replace(/\\(['"])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();

/** Comments and optional markers, which only the declaration file has. */
function declared(text: string): {
  readonly doc: string;
  readonly fields: ReadonlyMap<string, { doc: string; required: boolean }>;
} {
  const fields = new Map<string, { doc: string; required: boolean }>();
  for (const match of text.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {4}'([^']+)'(\?)?:/gm)) {
    fields.set(match[2] ?? '', { doc: plain(match[1] ?? ''), required: match[3] === undefined });
  }
  const doc = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export declare class/.exec(text)?.[1] ?? '';
  return { doc: plain(doc), fields };
}

/**
 * Reads one model of `@kubernetes/client-node`: names and types from its JavaScript, the rest from its declarations. Imports single
 * files, because importing the package crashes on Node 20.
 */
async function readModel(folder: string, name: string): Promise<Model> {
  const file = join(folder, `${name}.js`);
  const module = (await import(pathToFileURL(file).href)) as Record<string, { attributeTypeMap: readonly Attribute[] }>;
  const attributes = module[name]?.attributeTypeMap;
  if (attributes === undefined) throw new Error(`read ${file}: no attributeTypeMap; has the package's layout changed?`);
  const text = declared(readFileSync(join(folder, `${name}.d.ts`), 'utf8'));
  const byName = attributes as readonly (Attribute & { readonly name: string })[];
  const fields = byName.map(({ name: property, baseName, type, format }): ModelField => {
    const more = text.fields.get(property);
    if (more === undefined) throw new Error(`read ${file}: ${property} is not declared in its .d.ts`);
    return { name: baseName, type, format, ...more };
  });
  return { name, doc: text.doc, fields };
}

/** Model names in a type: `Array<V1Container>` -> `V1Container`. `V1MicroTime` is a timestamp, not a model. */
const mentioned = (type: string): readonly string[] =>
  (type.match(/\b[A-Z]\w*V\d\w+|\bV\d\w+/g) ?? []).filter((name) => name !== 'V1MicroTime');

/** All models reachable from `roots`, ordered by name. */
export async function readModels(roots: readonly string[]): Promise<readonly Model[]> {
  const folder = join(projectRoot, 'node_modules/@kubernetes/client-node/dist/gen/models');
  const models = new Map<string, Model>();
  const queue = [...roots];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (models.has(name)) continue;
    const model = await readModel(folder, name);
    models.set(name, model);
    queue.push(...model.fields.flatMap((field) => mentioned(field.type)));
  }
  return [...models.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
