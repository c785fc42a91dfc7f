import { API_RESOURCES, discoveredKinds } from '../../../contracts/kinds/custom/discovered-kinds.ts';
import { BUILT_IN, type KindRegistry } from '../../../contracts/kinds/registry.ts';
import type { ApiResourceList } from '../../../contracts/messages/api.ts';
import type { Client } from '../../client/client.ts';
import type { ManifestObject } from './parse-manifest.ts';
import type { ResourceTarget } from './plan-resource-arguments.ts';
import { resourceTargets } from './resources.ts';

/** The kinds that the cluster serves, custom kinds included. */
export const clusterKinds = async (client: Client): Promise<KindRegistry> =>
  discoveredKinds((await client.request<ApiResourceList>('list', API_RESOURCES, {})).resources);

/** Parses resource arguments. Asks the cluster only for words that are not names of built-in kinds. @throws UsageError */
export async function targetsIn(client: Client, args: readonly string[]): Promise<readonly ResourceTarget[]> {
  return builtInTargets(args) ?? resourceTargets(args, await clusterKinds(client));
}

/** Custom kinds may belong to a category too, so that a category is not a word of built-in kinds. */
function builtInTargets(args: readonly string[]): readonly ResourceTarget[] | undefined {
  const words = args.flatMap((arg) => arg.split('/', 1)[0]?.split(',') ?? []);
  if (words.some((word) => BUILT_IN.kinds.some(({ categories }) => categories.includes(word)))) return undefined;
  try {
    return resourceTargets(args);
  } catch {
    return undefined;
  }
}

/** The kinds for these objects; asks the cluster only if one is not of a built-in kind. */
export const kindsFor = async (client: Client, objects: readonly ManifestObject[]): Promise<KindRegistry> =>
  objects.every(({ object }) => BUILT_IN.servedAs(object.apiVersion, object.kind) !== undefined)
    ? BUILT_IN
    : await clusterKinds(client);
