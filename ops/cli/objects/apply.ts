import { BUILT_IN, type KindRegistry } from '../../../contracts/kinds/registry.ts';
import { StatusError } from '../../../contracts/errors/status.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { warningsOf } from '../../../contracts/kinds/pod-template/not-acted-upon.ts';
import type { Client } from '../../client/client.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { printObjects } from '../shared/print.ts';
import { FAILURE, isHopeless, renderError } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import type { ManifestObject } from './parse-manifest.ts';
import { qualifiedName, type ResourceInfo } from './plan-resource-arguments.ts';
import { readManifests } from './read-manifests.ts';
import { clusterKinds } from './cluster-kinds.ts';
import { resourceOfObject } from './resources.ts';

export interface ManifestOptions extends ClusterOptions {
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
  readonly output?: string;
}

/** An object of a manifest, with its resource and namespace. */
export interface Placed extends ManifestObject {
  readonly resource: ResourceInfo;
  readonly namespace: string | undefined;
  readonly name: string;
}

export async function apply(options: ManifestOptions, terminal: Terminal): Promise<void> {
  await each('apply', options, terminal, async (client, { resource, namespace, name, object, at }) => {
    if (name === '') throw new UsageError(`${at}: apply needs metadata.name; use "troupe create" with generateName`);
    const { items } = await client.apply(resource.resource, { namespace, name }, object);
    const [item] = items;
    if (item?.status !== undefined) throw new StatusError(item.status);
    return { outcome: item?.outcome ?? 'configured', object: item?.object, warnings: item?.warnings ?? [] };
  });
}

export async function create(options: ManifestOptions, terminal: Terminal): Promise<void> {
  await each('create', options, terminal, async (client, { resource, namespace, object }) => {
    const created = await client.create(resource.resource, namespace, object);
    return { outcome: 'created', object: created, warnings: warningsOf(created) };
  });
}

interface Done {
  readonly outcome: string;
  readonly object: KubeObject | undefined;
  /** Fields that are accepted and have no effect; kubectl shows its server's warnings likewise. */
  readonly warnings: readonly string[];
}

/** Processes the objects in order; an error is reported and does not keep the others from being processed. */
async function each(
  command: string,
  options: ManifestOptions,
  terminal: Terminal,
  act: (client: Client, placed: Placed) => Promise<Done>,
): Promise<void> {
  const output = options.output;
  if (output !== undefined && !['json', 'yaml', 'name'].includes(output)) {
    throw new UsageError(`there is no output "${output}"; use -o json, -o yaml or -o name`);
  }
  if (options.filename === undefined)
    throw new UsageError(`give a manifest to ${command}: -f <file>, a folder, or - for stdin`);
  const manifests = await readManifests(options.filename, options);
  await withClient(options, async (client) => {
    const kinds = kindsInOrder(client);
    const done: KubeObject[] = [];
    let refused = false;
    for (const manifest of manifests) {
      try {
        const placed = place(manifest, options, client, await kinds(manifest));
        const { outcome, object, warnings } = await act(client, placed);
        const name = qualifiedName(placed.resource, object?.metadata?.name ?? placed.name);
        for (const warning of warnings) terminal.tell(`Warning: ${name}: ${warning}`);
        if (object !== undefined) done.push(object);
        if (output === 'name') terminal.out(`${name}\n`);
        else if (output === undefined) terminal.out(`${name} ${outcome}\n`);
      } catch (error) {
        if (error instanceof StatusError && isHopeless(error)) throw error;
        refused = true;
        const prefix = error instanceof StatusError ? `troupe ${command}: ${manifest.at}` : `troupe ${command}`;
        for (const line of renderError(prefix, error).lines) terminal.tell(line);
      }
    }
    if ((output === 'json' || output === 'yaml') && done.length > 0)
      await printObjects(terminal, output, done, manifests.length === 1);
    if (refused) throw new Exit(FAILURE);
  });
}

/** The kinds for one manifest after the other: an earlier one may have defined the kind of a later one. */
function kindsInOrder(client: Client): (manifest: ManifestObject) => Promise<KindRegistry> {
  let known: KindRegistry = BUILT_IN;
  return async ({ object }) => {
    if (known.servedAs(object.apiVersion, object.kind) === undefined) known = await clusterKinds(client);
    return known;
  };
}

/** @throws UsageError for an unknown kind, or when -n contradicts the namespace in the manifest */
export function place(
  manifest: ManifestObject,
  options: ClusterOptions,
  client: Pick<Client, 'namespace'>,
  kinds?: KindRegistry,
): Placed {
  const { object, at } = manifest;
  const resource = resourceOfObject(object, at, kinds);
  const name = object.metadata?.name ?? '';
  if (!resource.namespaced) return { ...manifest, resource, namespace: undefined, name };
  const written = object.metadata?.namespace;
  const own = written === '' ? undefined : written;
  if (own !== undefined && options.namespace !== undefined && own !== options.namespace) {
    throw new UsageError(
      `${at}: ${resource.kind} "${name}" has namespace "${own}", the command line has -n "${options.namespace}"; leave out one of them`,
    );
  }
  const namespace = own ?? namespaceOf(options, client);
  return { ...manifest, object: { ...object, metadata: { ...object.metadata, namespace } }, resource, namespace, name };
}
