import { isFailure, StatusError } from '../../../contracts/errors/status.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { DeleteOptions as Body } from '../../../contracts/messages/api.ts';
import { abortWith } from '../../client/abort.ts';
import type { Client } from '../../client/client.ts';
import { pause } from '../../client/pause.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { parseSpan } from '../shared/parse-span.ts';
import { FAILURE, INTERRUPTED, isHopeless, renderError } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { ClusterWait } from '../shared/wait-for-cluster.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import { place } from './apply.ts';
import { qualifier, type ResourceInfo, type ResourceTarget } from './plan-resource-arguments.ts';
import { readManifests } from './read-manifests.ts';
import { kindsFor, targetsIn } from './cluster-kinds.ts';
import { checkArguments } from './resources.ts';

export interface DeleteOptions extends ClusterOptions {
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
  readonly selector?: string;
  readonly all?: boolean;
  readonly gracePeriod?: string;
  readonly now?: boolean;
  readonly force?: boolean;
  readonly cascade?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly ignoreNotFound?: boolean;
  readonly output?: string;
}

/** One object to delete. */
interface DeleteTarget {
  readonly resource: ResourceInfo;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid?: string | undefined;
}

export async function del(args: readonly string[], options: DeleteOptions, terminal: Terminal): Promise<void> {
  refuseContradictions(args, options);
  if (options.filename === undefined) checkArguments(args);
  const body = bodyOf(options);
  if (options.output !== undefined && options.output !== 'name')
    throw new UsageError(`there is no output "${options.output}"; use -o name`);
  const timeoutMs = options.timeout === undefined ? undefined : parseSpan('--timeout', options.timeout);
  await withClient(options, async (client) => {
    const targets =
      options.filename === undefined ? await named(args, options, client) : await ofFiles(options, client);
    if (targets.length === 0) terminal.tell('No resources found');
    const { terminating, refused } = await deleteAll(client, targets, body, options, terminal);
    if (options.wait !== false && terminating.length > 0) {
      const { withClusterWait } = await import('../shared/wait-for-cluster.ts');
      await withClusterWait(client, terminal, async (clusterWait) => {
        await Promise.all(terminating.map((one) => waitUntilGone(client, one, timeoutMs, clusterWait, terminal)));
      });
    }
    if (refused) throw new Exit(FAILURE);
  });
}

/**
 * Deletes one target after the other. An error is reported and does not keep the others from being deleted.
 * @returns the objects that still exist, and whether there was an error
 */
async function deleteAll(
  client: Client,
  targets: readonly FindTarget[],
  body: Body,
  options: DeleteOptions,
  terminal: Terminal,
): Promise<{ readonly terminating: readonly DeleteTarget[]; readonly refused: boolean }> {
  const terminating: DeleteTarget[] = [];
  let refused = false;
  for (const target of targets) {
    try {
      terminating.push(...(await deleteOne(client, target(), body, options, terminal)));
    } catch (error) {
      const isStatus = error instanceof StatusError;
      if (!(isStatus || error instanceof UsageError) || (isStatus && isHopeless(error))) throw error;
      if (isStatus && error.reason === 'NotFound' && options.ignoreNotFound === true) continue;
      refused = true;
      for (const line of renderError('troupe delete', error, options.namespace).lines) terminal.tell(line);
    }
  }
  return { terminating, refused };
}

/** Refuses two ways at once to name objects: deleting both would delete more than either says. */
function refuseContradictions(args: readonly string[], options: DeleteOptions): void {
  const { filename, selector, all, force, now, gracePeriod } = options;
  if (filename === undefined && args.length === 0)
    throw new UsageError('give what to delete: -f <manifest>, or a kind and names, such as "pod web-1"');
  if (filename !== undefined && (args.length > 0 || selector !== undefined || all === true))
    throw new UsageError('-f excludes kinds, names, --selector and --all; use one of them');
  if (selector !== undefined && all === true)
    throw new UsageError('--selector and --all exclude each other; use one of them');
  if (now === true && (gracePeriod !== undefined || force === true))
    throw new UsageError('--now excludes --grace-period and --force; use one of them');
  if (force === true && gracePeriod !== undefined && Number(gracePeriod) > 0)
    throw new UsageError('--force means --grace-period 0; leave out one of them');
}

const CASCADES = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;

function bodyOf(options: DeleteOptions): Body {
  const cascade = options.cascade ?? 'background';
  if (!Object.hasOwn(CASCADES, cascade)) {
    throw new UsageError(`--cascade is "${cascade}"; use background, foreground or orphan`);
  }
  const grace = options.force === true ? 0 : options.now === true ? 1 : graceOf(options.gracePeriod);
  return {
    propagationPolicy: CASCADES[cascade as keyof typeof CASCADES],
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
  };
}

function graceOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '-1') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--grace-period is "${text}"; it must be a whole number of seconds, 0 or more`);
}

/** @throws UsageError for a document of a manifest that names no object that can be deleted */
type FindTarget = () => DeleteTarget;

async function named(args: readonly string[], options: DeleteOptions, client: Client): Promise<readonly FindTarget[]> {
  const found = await Promise.all((await targetsIn(client, args)).map((target) => targetsOf(target, options, client)));
  return found.flat().map((target) => () => target);
}

async function targetsOf(target: ResourceTarget, options: DeleteOptions, client: Client): Promise<DeleteTarget[]> {
  const { resource, names } = target;
  const namespace = resource.namespaced ? namespaceOf(options, client) : undefined;
  if (names !== undefined) {
    if (options.selector !== undefined || options.all === true) {
      throw new UsageError('names exclude --selector and --all; use one of them');
    }
    return names.map((name) => ({ resource, namespace, name }));
  }
  if (options.selector === undefined && options.all !== true) {
    throw new UsageError(`give the ${resource.plural} to delete: names, --selector, or --all`);
  }
  const picked = options.selector === undefined ? {} : { labelSelector: options.selector };
  const { items } = await client.list(resource.resource, { namespace }, picked);
  return items.map((object) => ({ resource, namespace, name: object.metadata?.name ?? '', uid: object.metadata?.uid }));
}

async function ofFiles(options: DeleteOptions, client: Client): Promise<readonly FindTarget[]> {
  const manifests = await readManifests(options.filename ?? [], options);
  const kinds = await kindsFor(client, manifests);
  return manifests.map((manifest) => () => {
    const { resource, namespace, name, at } = place(manifest, options, client, kinds);
    if (name === '') throw new UsageError(`${at}: delete needs metadata.name; generateName does not name an object`);
    return { resource, namespace, name };
  });
}

/** @returns the object if it still exists, because it is terminating */
async function deleteOne(
  client: Client,
  one: DeleteTarget,
  body: Body,
  options: DeleteOptions,
  terminal: Terminal,
): Promise<DeleteTarget[]> {
  const { resource, namespace, name, uid } = one;
  const answer = await client.delete<KubeObject & { readonly details?: { readonly uid?: string } }>(
    resource.resource,
    { namespace, name },
    uid === undefined ? body : { ...body, preconditions: { uid } },
  );
  const forced = options.force === true ? ' force' : '';
  if (options.output === 'name') terminal.out(`${qualifier(resource)}/${name}\n`);
  else terminal.out(`${qualifier(resource)} "${name}"${forced} deleted\n`);
  if (isFailure(answer) || answer.kind === 'Status') return [];
  return [{ ...one, uid: answer.metadata?.uid ?? uid }];
}

const REMIND_AFTER_MS = 10_000;

/** Waits until the object is removed from the store, or another object has its name. */
async function waitUntilGone(
  client: Client,
  one: DeleteTarget,
  timeoutMs: number | undefined,
  clusterWait: ClusterWait,
  terminal: Terminal,
): Promise<void> {
  const { resource, namespace, name } = one;
  const { watchObjects } = await import('../../client/watch.ts');
  const picked = { fieldSelector: `metadata.name=${name}` };
  const from = await client.list(resource.resource, { namespace }, picked);
  const isIt = (object: KubeObject): boolean => one.uid === undefined || object.metadata?.uid === one.uid;
  let last = from.items.find(isIt);
  if (last === undefined) return;
  const stop = new AbortController();
  if (timeoutMs !== undefined && timeoutMs !== 0) void pause(timeoutMs, stop.signal).then(() => stop.abort());
  const reminder = setTimeout(() => terminal.tell(reminderOf(one, last)), REMIND_AFTER_MS);
  const forget = abortWith(stop, clusterWait.signal);
  try {
    for await (const { type, object } of watchObjects(
      client,
      resource.resource,
      { namespace },
      { ...picked, from, signal: stop.signal, contact: clusterWait },
    )) {
      if (type === 'DELETED' || !isIt(object)) return;
      last = object;
    }
  } finally {
    clearTimeout(reminder);
    forget();
    stop.abort();
  }
  if (terminal.signal.aborted) throw new Exit(INTERRUPTED);
  if (clusterWait.signal.aborted) return;
  terminal.tell(
    `troupe delete: ${qualifier(resource)}/${name} still exists after ${(timeoutMs ?? 0) / 1000} s; its deletion continues`,
  );
  throw new Exit(FAILURE);
}

function reminderOf({ resource, name }: DeleteTarget, object: KubeObject | undefined): string {
  const finalizers = object?.metadata?.finalizers ?? [];
  const why = finalizers.length === 0 ? 'it is still stopping' : `finalizers remain: ${finalizers.join(', ')}`;
  return `waiting for ${qualifier(resource)}/${name} (${why}); Ctrl-C cancels the wait, not the deletion`;
}
