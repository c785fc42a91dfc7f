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

/** The path in the syntax of RFC 9535: names that are no plain words in brackets. */
const standardPath = (path: string): string =>
  `$${path.replace(/\.((?:\\.|[^.[\]\\])+)/g, (whole, name: string) =>
    /^[A-Za-z_]\w*$/.test(name) || name === '*' ? whole : `[${JSON.stringify(name.replace(/\\(.)/g, '$1'))}]`,
  )}`;

/** `.spec.replicas` -> `spec`, `replicas`. The paths of the subresource `scale` have only plain steps. */
export const stepsOf = (path: string): readonly string[] => path.split('.').slice(1);
