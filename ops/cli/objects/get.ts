import { StatusError } from '../../../contracts/errors/status.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { KubeList } from '../../../contracts/messages/api.ts';
import type { Client } from '../../client/client.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { printObjects, TablePrinter, toJson, yamlWriter } from '../shared/print.ts';
import { FAILURE, INTERRUPTED, renderError } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import { qualifiedName, qualifier, type ResourceInfo, type ResourceTarget } from './plan-resource-arguments.ts';
import { checkArguments, columnsOf, inTableOrder } from './resources.ts';
import { targetsIn } from './cluster-kinds.ts';

export interface GetOptions extends ClusterOptions {
  readonly output?: string;
  readonly watch?: boolean;
  readonly watchOnly?: boolean;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly headers?: boolean;
  readonly showLabels?: boolean;
  readonly ignoreNotFound?: boolean;
}

const OUTPUTS = ['json', 'yaml', 'wide', 'name'] as const;
type Output = (typeof OUTPUTS)[number];

/** A kind and the objects that were found. */
interface Found {
  readonly resource: ResourceInfo;
  readonly list: KubeList;
}

export async function get(args: readonly string[], options: GetOptions, terminal: Terminal): Promise<void> {
  const output = outputOf(options.output);
  checkArguments(args);
  await withClient(options, async (client) => {
    const targets = await targetsIn(client, args);
    refuseContradictions(targets, options);
    const [first] = targets;
    const several = targets.length > 1;
    if (options.watch === true || options.watchOnly === true) {
      if (first === undefined || several) throw new UsageError('--watch follows one kind; name one, such as "pods"');
      await watch(client, first, output, options, terminal);
      throw new Exit(INTERRUPTED);
    }
    const problems: unknown[] = [];
    const found = await Promise.all(targets.map((target) => find(client, target, options, problems)));
    const one = targets.length === 1 && first?.names?.length === 1;
    await printAll(found, output, { one, several }, options, terminal);
    const count = found.reduce((sum, { list }) => sum + list.items.length, 0);
    if (count === 0 && problems.length === 0 && (output === undefined || output === 'wide')) {
      terminal.tell(nothingFound(targets, options, client));
    }
    for (const problem of problems)
      for (const line of renderError('troupe get', problem, options.namespace).lines) terminal.tell(line);
    if (problems.length > 0) throw new Exit(FAILURE);
  });
}

function outputOf(wished: string | undefined): Output | undefined {
  if (wished === undefined) return undefined;
  const found = OUTPUTS.find((output) => output === wished);
  if (found === undefined) throw new UsageError(`there is no output "${wished}"; use -o ${OUTPUTS.join(', -o ')}`);
  return found;
}

function refuseContradictions(targets: readonly ResourceTarget[], options: GetOptions): void {
  const named = targets.filter(({ names }) => names !== undefined);
  if (named.length === 0) return;
  if (options.allNamespaces === true && named.some(({ resource }) => resource.namespaced))
    throw new UsageError('a name belongs to one namespace; leave out --all-namespaces or the name');
  for (const option of ['selector', 'fieldSelector'] as const) {
    const flag = option === 'selector' ? '--selector' : '--field-selector';
    if (options[option] !== undefined) throw new UsageError(`names and ${flag} exclude each other; use one of them`);
  }
}

const selectorsOf = (options: GetOptions) => ({
  ...(options.selector === undefined ? {} : { labelSelector: options.selector }),
  ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
});

const scopeOf = (resource: ResourceInfo, options: GetOptions, client: Client): string | undefined =>
  !resource.namespaced || options.allNamespaces === true ? undefined : namespaceOf(options, client);

/** Lists, or gets each name. Names that are not found are added to `problems`; other errors are thrown. */
async function find(client: Client, target: ResourceTarget, options: GetOptions, problems: unknown[]): Promise<Found> {
  const { resource, names } = target;
  const namespace = scopeOf(resource, options, client);
  if (names === undefined) {
    return { resource, list: await client.list(resource.resource, { namespace }, selectorsOf(options)) };
  }
  const got = await Promise.all(
    names.map((name) =>
      client.get(resource.resource, { namespace, name }).catch((error: unknown) => {
        if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
        if (options.ignoreNotFound !== true) problems.push(error);
        return undefined;
      }),
    ),
  );
  const items = got.filter((object) => object !== undefined);
  return { resource, list: { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items } };
}

async function printAll(
  found: readonly Found[],
  output: Output | undefined,
  how: { readonly one: boolean; readonly several: boolean },
  options: GetOptions,
  terminal: Terminal,
): Promise<void> {
  if (output === 'json' || output === 'yaml') {
    const items = found.flatMap(({ list }) => list.items);
    return printObjects(terminal, output, items, how.one);
  }
  let blank = false;
  for (const { resource, list } of found) {
    if (list.items.length === 0) continue;
    if (output === 'name') {
      terminal.out(list.items.map((object) => `${nameLine(resource, object)}\n`).join(''));
      continue;
    }
    if (blank) terminal.out('\n');
    blank = true;
    tableFor(resource, output, how.several, options, terminal).print(inTableOrder(resource, list.items));
  }
}

const nameLine = (resource: ResourceInfo, object: KubeObject): string =>
  qualifiedName(resource, object.metadata?.name ?? '');

function tableFor(
  resource: ResourceInfo,
  output: Output | undefined,
  several: boolean,
  options: GetOptions,
  terminal: Terminal,
): TablePrinter {
  return new TablePrinter(terminal, columnsOf(resource), {
    wide: output === 'wide',
    namespaces: options.allNamespaces === true && resource.namespaced,
    showLabels: options.showLabels === true,
    noHeaders: options.headers === false,
    ...(several ? { namePrefix: qualifier(resource) } : {}),
  });
}

function nothingFound(targets: readonly ResourceTarget[], options: GetOptions, client: Client): string {
  const scoped = targets.some(({ resource }) => resource.namespaced) && options.allNamespaces !== true;
  return scoped ? `No resources found in ${namespaceOf(options, client)} namespace.` : 'No resources found';
}

async function watch(
  client: Client,
  target: ResourceTarget,
  output: Output | undefined,
  options: GetOptions,
  terminal: Terminal,
): Promise<void> {
  const { resource, names } = target;
  if (names !== undefined && names.length > 1)
    throw new UsageError('--watch follows one object or all of a kind; leave out some names');
  const name = names?.[0];
  const scope = { namespace: scopeOf(resource, options, client) };
  const selectors = selectorsOf(options);
  const picked = name === undefined ? selectors : { fieldSelector: `metadata.name=${name}` };
  const from = await client.list(resource.resource, scope, picked);
  if (name !== undefined && from.items.length === 0) await client.get(resource.resource, { ...scope, name });
  const print = await eventPrinter(resource, output, options, terminal);
  if (options.watchOnly !== true) print(from.items);
  const [{ watchObjects }, { withClusterWait }] = await Promise.all([
    import('../../client/watch.ts'),
    import('../shared/wait-for-cluster.ts'),
  ]);
  await withClusterWait(client, terminal, async (contact) => {
    const { signal } = contact;
    const following = { ...picked, from, signal, contact };
    for await (const { object } of watchObjects(client, resource.resource, scope, following)) print([object]);
  });
}

async function eventPrinter(
  resource: ResourceInfo,
  output: Output | undefined,
  options: GetOptions,
  terminal: Terminal,
): Promise<(objects: readonly KubeObject[]) => void> {
  if (output === 'json') return (objects) => objects.forEach((object) => terminal.out(toJson(object)));
  if (output === 'name')
    return (objects) => objects.forEach((object) => terminal.out(`${nameLine(resource, object)}\n`));
  if (output === 'yaml') {
    const yaml = await yamlWriter();
    return (objects) => objects.forEach((object) => terminal.out(`---\n${yaml(object)}`));
  }
  const table = tableFor(resource, output, false, options, terminal);
  return (objects) => {
    if (objects.length > 0) table.print(inTableOrder(resource, objects));
  };
}
