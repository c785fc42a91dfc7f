import { LineCounter, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';

/** One object of a manifest, and where it stands. */
export interface ManifestObject {
  readonly object: KubeObject & { readonly apiVersion: string; readonly kind: string };
  /** `web.yaml:12`, as people and editors read it. */
  readonly at: string;
}
export interface ManifestProblem {
  /** One line, beginning with `file:line`. */
  readonly problem: string;
}

/**
 * Every object in one manifest: YAML or JSON, several documents, Lists opened. Shapes beyond apiVersion, kind and name
 * are for the api-server to judge.
 * @param source how to call it: a file's name, `stdin`
 */
export function parseManifest(text: string, source: string): readonly (ManifestObject | ManifestProblem)[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const found: (ManifestObject | ManifestProblem)[] = [];
  for (const document of 'empty' in documents ? [] : documents) {
    const error = document.errors[0];
    if (error !== undefined) {
      found.push({ problem: `${source}:${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}` });
      continue;
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null || value === undefined) continue;
    const start = document.contents?.range?.[0] ?? document.range[0];
    found.push(...objectsIn(value, `${source}:${lines.linePos(start).line}`));
  }
  return found;
}

function objectsIn(value: unknown, at: string): readonly (ManifestObject | ManifestProblem)[] {
  if (!isMap(value))
    return [{ problem: `${at}: this document is ${describe(value)}; an object with apiVersion and kind belongs here` }];
  const { kind, apiVersion, items, metadata } = value;
  if (typeof kind !== 'string' || kind === '')
    return [{ problem: `${at}: kind is missing; add a line such as "kind: Deployment"` }];
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    return [{ problem: `${at}: apiVersion is missing; add a line such as "apiVersion: v1"` }];
  }
  if (Array.isArray(items) && kind.endsWith('List')) return items.flatMap((item: unknown) => objectsIn(item, at));
  const meta = isMap(metadata) ? metadata : {};
  if (!isName(meta['name']) && !isName(meta['generateName'])) {
    return [{ problem: `${at}: metadata.name of this ${kind} is missing; give it a name` }];
  }
  return [{ object: value as unknown as ManifestObject['object'], at }];
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';
const describe = (value: unknown): string =>
  Array.isArray(value)
    ? 'a list'
    : typeof value === 'string'
      ? `the text "${value.slice(0, 30)}"`
      : `a ${typeof value}`;
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
