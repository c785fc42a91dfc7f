import type { Node } from '../../contracts/kinds/kinds.ts';
import type { Client } from '../client/client.ts';
import { until } from './drive.ts';
import { namespaceOf } from './objects.ts';
import { NAMESPACE } from './pods-seen.ts';
import { type Stage, startStage } from './stage.ts';

/** A control plane, and a process that hosts kubelets and runtime drivers on a simulated engine. */
export interface StageWithNodes extends Omit<Stage, 'pids'> {
  readonly pids: Stage['pids'] & { readonly nodes: number };
  /** Milliseconds from the start of the nodes' process until every node was ready and had no taints. */
  readonly readyMs: number;
}

export async function startStageWithNodes(
  count: number,
  options: { readonly record: boolean; readonly profile?: string | undefined },
): Promise<StageWithNodes> {
  const stage = await startStage(options);
  try {
    await stage.client.create('namespaces', undefined, namespaceOf(NAMESPACE));
    const began = performance.now();
    const nodes = stage.child('nodes', 'simulated-nodes', { BENCH_NODES: String(count) }, options.profile);
    await nodesReady(stage.client, count);
    const readyMs = performance.now() - began;
    return {
      ...stage,
      readyMs,
      get pids() {
        return { ...stage.pids, nodes: nodes.id?.pid ?? 0 };
      },
    };
  } catch (error) {
    await stage.stop();
    throw error;
  }
}

/** Waits until there are `count` nodes and all of them accept pods. */
export const nodesReady = (client: Client, count: number): Promise<void> =>
  until(`${count} nodes are ready`, 120_000, async () => {
    const { items } = await client.list<Node>('nodes', {});
    return items.length === count && items.every(isReady);
  });

const isReady = ({ spec, status }: Node): boolean =>
  (spec?.taints ?? []).length === 0 && status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
