import { LineCounter, parseAllDocuments } from 'yaml';
import { firstError, YAML_READING } from '../../../contracts/codec/yaml-reading.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';

/** One object of a manifest, and its position. */
export interface ManifestObject {
  readonly object: KubeObject & { readonly apiVersion: string; readonly kind: string };
  /** `web.yaml:12` */
  readonly at: string;
}
export interface ManifestProblem {
  /** One line, beginning with `file:line`. */
  readonly problem: string;
}

/** Aliases of aliases could expand to more than the memory holds. */
const ALIASES_MOST = 100;

/**
 * Parses a manifest: YAML or JSON, several documents; the items of Lists are separate objects. Checks apiVersion, kind and name
 * only; the api-server checks the rest.
 * @param source name of the file, or `stdin`
 */
export function parseManifest(text: string, source: string): readonly (ManifestObject | ManifestProblem)[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { ...YAML_READING, lineCounter: lines, prettyErrors: false });
  const found: (ManifestObject | ManifestProblem)[] = [];
  for (const document of 'empty' in documents ? [] : documents) {
    const error = firstError(document);
    if (error !== undefined) {
      found.push({ problem: `${source}:${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}` });
      continue;
    }
    const start = document.contents?.range?.[0] ?? document.range[0];
    const at = `${source}:${lines.linePos(start).line}`;
    try {
      const value: unknown = document.toJS({ maxAliasCount: ALIASES_MOST });
      if (value !== null && value !== undefined) found.push(...objectsIn(value, at));
    } catch (error) {
      // Only aliases can fail here: too many of them, or one of an unknown anchor.
      found.push({ problem: `${at}: ${firstLine((error as Error).message)}; write the values instead of aliases` });
    }
  }
  return found;
}

function objectsIn(value: unknown, at: string): readonly (ManifestObject | ManifestProblem)[] {
  if (!isMap(value))
    return [{ problem: `${at}: this document is ${describe(value)}; it must be an object with apiVersion and kind` }];
  const { kind, apiVersion, items, metadata } = value;
  if (typeof kind !== 'string' || kind === '')
    return [{ problem: `${at}: kind is missing; add a line such as "kind: Deployment"` }];
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    return [{ problem: `${at}: apiVersion is missing; add a line such as "apiVersion: v1"` }];
  }
  if (Array.isArray(items) && kind.endsWith('List')) return items.flatMap((item: unknown) => objectsIn(item, at));
  if (metadata !== undefined && metadata !== null && !isMap(metadata)) {
    return [{ problem: `${at}: metadata of this ${kind} is ${describe(metadata)}; write metadata: { name: ... }` }];
  }
  const { name, generateName } = isMap(metadata) ? metadata : {};
  if (!isName(name) && !isName(generateName)) {
    const problem =
      name === undefined || name === null || name === ''
        ? 'is missing; give it a name'
        : `is ${describe(name)}; write it as text, in quotes`;
    return [{ problem: `${at}: metadata.name of this ${kind} ${problem}` }];
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
      : typeof value === 'object'
        ? 'a map'
        : `the ${typeof value} ${JSON.stringify(value)}`;
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
