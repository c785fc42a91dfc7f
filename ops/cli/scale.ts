import { statusError } from '../../contracts/errors/status.ts';
import type { Scale } from '../../contracts/messages/api.ts';
import { UsageError } from './errors.ts';
import { qualifiedName } from './plan-resource-arguments.ts';
import { resourceTargets } from './resources.ts';
import { type ClusterOptions, namespaceOf, withClient } from './session.ts';
import type { Terminal } from './terminal.ts';

export interface ScaleOptions extends ClusterOptions {
  readonly replicas?: string;
  readonly currentReplicas?: string;
}

/** The field has 32 bits. */
const REPLICAS_MOST = 2 ** 31 - 1;

export async function scale(args: readonly string[], options: ScaleOptions, terminal: Terminal): Promise<void> {
  if (options.replicas === undefined) throw new UsageError('say how many: --replicas <count>');
  const replicas = count('--replicas', options.replicas);
  const expected =
    options.currentReplicas === undefined ? undefined : count('--current-replicas', options.currentReplicas);
  const targets = resourceTargets(args);
  if (targets.some(({ names }) => names === undefined)) throw new UsageError('name what to scale, such as deploy/web');
  await withClient(options, async (client) => {
    const namespace = namespaceOf(options, client);
    for (const { resource, names = [] } of targets) {
      for (const name of names) {
        const target = { namespace, name };
        const subresource = `${resource.resource}/scale`;
        const current = expected === undefined ? undefined : await client.get<Scale>(subresource, target);
        if (current !== undefined && current.spec.replicas !== expected) {
          throw statusError(
            'Conflict',
            `${qualifiedName(resource, name)} has ${current.spec.replicas} replicas, not ${expected}; nothing was changed`,
          );
        }
        const unchanged = current?.metadata.resourceVersion;
        await client.patch(subresource, target, {
          ...(unchanged === undefined ? {} : { metadata: { resourceVersion: unchanged } }),
          spec: { replicas },
        });
        terminal.out(`${qualifiedName(resource, name)} scaled\n`);
      }
    }
  });
}

function count(option: string, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : -1;
  if (number >= 0 && number <= REPLICAS_MOST) return number;
  throw new UsageError(`${option} is "${text}"; it must be a whole number from 0 to ${REPLICAS_MOST}`);
}
