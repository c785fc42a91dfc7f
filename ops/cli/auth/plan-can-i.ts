import type { NonResourceAttributes, ResourceAttributes } from '../../../contracts/kinds/kinds.ts';
import type { ResourceInfo } from '../objects/plan-resource-arguments.ts';

export interface CanIOptions {
  readonly subresource?: string;
  readonly allNamespaces?: boolean;
}

/** The question of a command line, with the warnings that kubectl prints. */
export type CanI =
  | {
      readonly resourceAttributes?: ResourceAttributes;
      readonly nonResourceAttributes?: NonResourceAttributes;
      readonly warnings: readonly string[];
    }
  | { readonly problem: string };

const USE = 'give a verb and a resource, such as "create deployments", "get pods/web" or "get /version"';

/** The group of a resource that is not known here: `widgets.example.com`. */
function unknownResource(word: string): Pick<ResourceAttributes, 'resource' | 'group'> {
  const dot = word.indexOf('.');
  return dot < 0 ? { resource: word, group: '' } : { resource: word.slice(0, dot), group: word.slice(dot + 1) };
}

/**
 * Reads `VERB TYPE [NAME]`, `VERB TYPE/NAME` or `VERB /PATH`. Pure.
 * @param find the kind that a word names
 */
export function planCanI(
  args: readonly string[],
  namespace: string,
  { subresource, allNamespaces = false }: CanIOptions,
  find: (word: string) => ResourceInfo | undefined,
): CanI {
  const [verb, what, given, ...more] = args;
  if (verb === undefined || what === undefined || more.length > 0) return { problem: USE };
  if (what.startsWith('/')) {
    if (given !== undefined || subresource !== undefined)
      return { problem: `a path has neither name nor subresource; ${USE}` };
    return { nonResourceAttributes: { verb, path: what }, warnings: [] };
  }
  const [word = '', named, ...rest] = what.split('/');
  if (rest.length > 0 || (named !== undefined && given !== undefined)) return { problem: USE };
  const name = given ?? named;
  const known = word === '*' ? undefined : find(word);
  const { resource, group } =
    known === undefined ? unknownResource(word) : { resource: known.plural, group: known.group };
  const scope = known?.namespaced === false && known.plural !== 'namespaces';
  const inGroup = group === '' || group === undefined ? '' : ` in group '${group}'`;
  const warnings = [
    ...(known === undefined && word !== '*'
      ? [`Warning: the server doesn't have a resource type '${resource}'${inGroup}`]
      : []),
    ...(known?.namespaced === false && !allNamespaces
      ? [`Warning: resource '${resource}' is not namespace scoped${inGroup}`]
      : []),
  ];
  return {
    resourceAttributes: {
      verb,
      group: group ?? '',
      resource: resource ?? '',
      ...(allNamespaces || scope ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(subresource === undefined ? {} : { subresource }),
    },
    warnings,
  };
}
