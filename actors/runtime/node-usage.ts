import type { NodeUsage } from '../../contracts/messages/metrics.ts';
import type { NodeStats } from '../../contracts/runtime/stats.ts';

/**
 * A usage sample: what was read, with the CPU used since the sample before. Pure.
 * @param before absent for the first sample; a container that is new has no CPU figure yet
 */
export function nodeUsage(node: string, stats: NodeStats, before: NodeStats | undefined): NodeUsage {
  const known = new Map(before?.containers.map((container) => [container.id, container.cpuNanoseconds]));
  const spanMs = before === undefined ? 0 : stats.at - before.at;
  const rate = (now: number | undefined, then: number | undefined): { readonly cpuNanoCores?: number } =>
    now === undefined || then === undefined || spanMs <= 0 || now < then
      ? {}
      : { cpuNanoCores: Math.round(((now - then) * 1000) / spanMs) };
  return {
    ...stats,
    node,
    ...rate(stats.cpuNanoseconds, before?.cpuNanoseconds),
    containers: stats.containers.map((each) => ({ ...each, ...rate(each.cpuNanoseconds, known.get(each.id)) })),
  };
}
