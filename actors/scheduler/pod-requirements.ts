import { fnv1a32 } from '../../contracts/hash/stable-hash.ts';
import type { NodeSelectorTerm, Pod, PreferredSchedulingTerm, Toleration } from '../../contracts/kinds/kinds.ts';
import { type Load, podLoad } from '../../contracts/kinds/pod/pod-load.ts';

/** What filters and scores need of a pod; computed once per pod and then used for many nodes. */
export interface PodRequirements {
  readonly load: Load;
  readonly nodeName: string | undefined;
  readonly nodeSelector: readonly (readonly [name: string, value: string])[];
  /** One of these must match; undefined = no required node affinity. */
  readonly requiredTerms: readonly NodeSelectorTerm[] | undefined;
  readonly preferredTerms: readonly PreferredSchedulingTerm[];
  readonly tolerations: readonly Toleration[];
  readonly uidHash: number;
}

export function podRequirements(pod: Pod): PodRequirements {
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
