import { type JSONPathQuery, jsonpath } from 'json-p3';
import type { KubeObject } from '../kinds.ts';

/**
 * Compiles a path as Kubernetes writes it in definitions: `.spec.replicas`, `.metadata.labels.app\.kubernetes\.io/name`,
 * `.status.conditions[?(@.type=="Ready")].status`.
 * @returns finds the values in an object; `undefined` = the path has a syntax error
 */
export function pathReader(path: string): ((object: KubeObject) => readonly unknown[]) | undefined {
  try {
    const query: JSONPathQuery = jsonpath.compile(standardPath(path));
    return (object) => query.query(object as never).values();
  } catch {
    return undefined;
  }
}

/** Text in brackets, or a dot and a name. */
const STEP = /\[[^\]]*\]|\.((?:\\.|[^.[\]\\])+)/g;
const WORD = /^(?:[A-Za-z_]\w*|\*)$/;

/** The path in the syntax of RFC 9535: names that are no plain words in brackets. */
const standardPath = (path: string): string =>
  `$${path.replace(STEP, (step, name: string | undefined) =>
    name === undefined || WORD.test(name) ? step : `[${JSON.stringify(name.replace(/\\(.)/g, '$1'))}]`,
  )}`;

/** Text as it is, other values as JSON; nothing for an absent one. */
export const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** `.spec.replicas` -> `spec`, `replicas`. The paths of the subresource `scale` have only plain steps. */
export const stepsOf = (path: string): readonly string[] => path.split('.').slice(1);
