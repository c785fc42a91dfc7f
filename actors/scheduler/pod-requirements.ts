import { fnv1a32 } from '../../contracts/hash/stable-hash.ts';
import type { NodeSelectorTerm, Pod, PreferredSchedulingTerm, Toleration } from '../../contracts/kinds/kinds.ts';
import { type Load, podLoad } from './resource-load.ts';

/** A pod as filters and scores see it: read once, asked of many nodes. */
export interface PodFacts {
  readonly load: Load;
  readonly nodeName: string | undefined;
  readonly nodeSelector: readonly (readonly [name: string, value: string])[];
  /** One of these must match; undefined = any node will do. */
  readonly requiredTerms: readonly NodeSelectorTerm[] | undefined;
  readonly preferredTerms: readonly PreferredSchedulingTerm[];
  readonly tolerations: readonly Toleration[];
  readonly uidHash: number;
}

export function podFacts(pod: Pod): PodFacts {
  const affinity = pod.spec?.affinity?.nodeAffinity;
  return {
    load: podLoad(pod),
    nodeName: pod.spec?.nodeName,
    nodeSelector: Object.entries(pod.spec?.nodeSelector ?? {}),
    requiredTerms: affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
    preferredTerms: affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
    tolerations: pod.spec?.tolerations ?? [],
    uidHash: fnv1a32(pod.metadata?.uid ?? ''),
  };
}
