import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import type { Scale } from '../../../contracts/messages/api.ts';
import type { Client } from '../../client/client.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { FAILURE, isHopeless, renderError } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type ClusterOptions, namespaceOf, withClient } from '../shared/with-client.ts';
import { qualifiedName, type ResourceInfo } from './plan-resource-arguments.ts';
import { targetsIn } from './cluster-kinds.ts';
import { checkArguments, hasScale } from './resources.ts';

export interface ScaleOptions extends ClusterOptions {
  readonly replicas?: string;
  readonly currentReplicas?: string;
}

/** `spec.replicas` has 32 bits. */
const REPLICAS_MOST = 2 ** 31 - 1;

export async function scale(args: readonly string[], options: ScaleOptions, terminal: Terminal): Promise<void> {
  if (options.replicas === undefined) throw new UsageError('give the number of pods: --replicas <count>');
  const replicas = count('--replicas', options.replicas);
  const expected =
    options.currentReplicas === undefined || options.currentReplicas === '-1'
      ? undefined
      : count('--current-replicas', options.currentReplicas);
  checkArguments(args);
  await withClient(options, async (client) => {
    const targets = await targetsIn(client, args);
    if (targets.some(({ names }) => names === undefined))
      throw new UsageError('name the object to scale, such as deploy/web');
    const fixed = targets.find(({ resource }) => !hasScale(resource));
    if (fixed !== undefined)
      throw new UsageError(`${fixed.resource.plural} cannot be scaled; scale a deployment or a replicaset`);
    const namespace = namespaceOf(options, client);
    let refused = false;
    for (const { resource, names = [] } of targets) {
      for (const name of names) {
        try {
          await scaleOne(client, resource, { namespace, name }, { replicas, expected });
          terminal.out(`${qualifiedName(resource, name)} scaled\n`);
        } catch (error) {
          if (!(error instanceof StatusError) || isHopeless(error)) throw error;
          refused = true;
          for (const line of renderError('troupe scale', error, options.namespace).lines) terminal.tell(line);
        }
      }
    }
    if (refused) throw new Exit(FAILURE);
  });
}

async function scaleOne(
  client: Client,
  resource: ResourceInfo,
  target: { readonly namespace: string; readonly name: string },
  { replicas, expected }: { readonly replicas: number; readonly expected: number | undefined },
): Promise<void> {
  const subresource = `${resource.resource}/scale`;
  const current = expected === undefined ? undefined : await client.get<Scale>(subresource, target);
  if (current !== undefined && current.spec.replicas !== expected) {
    throw statusError(
      'Conflict',
      `${qualifiedName(resource, target.name)} has ${current.spec.replicas} replicas, not ${expected}; nothing was changed`,
    );
  }
  const unchanged = current?.metadata.resourceVersion;
  await client.patch(subresource, target, {
    ...(unchanged === undefined ? {} : { metadata: { resourceVersion: unchanged } }),
    spec: { replicas },
  });
}

function count(option: string, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : -1;
  if (number >= 0 && number <= REPLICAS_MOST) return number;
  throw new UsageError(`${option} is "${text}"; it must be a whole number from 0 to ${REPLICAS_MOST}`);
}
