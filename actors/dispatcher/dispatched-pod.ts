import type { Pod } from '../../contracts/kinds/kinds.ts';
import { podReferences } from '../../contracts/kinds/pod/pod-references.ts';
import type { DispatchedPod } from '../../contracts/messages/node.ts';
import type { View } from '../kernel/contract.ts';

/** A pod with the ConfigMaps it refers to by value and the Secrets by version; what does not exist is left out. */
export function dispatchedPod(pod: Pod, view: View): DispatchedPod {
  const namespace = pod.metadata?.namespace;
  const references = podReferences(pod);
  const configMaps: Record<string, NonNullable<DispatchedPod['configMaps']>[string]> = {};
  for (const name of references.configMaps) {
    const found = view.get('configmaps', namespace, name);
    if (found === undefined) continue;
    configMaps[`${namespace ?? ''}/${name}`] = {
      ...(found.data === undefined ? {} : { data: found.data }),
      ...(found.binaryData === undefined ? {} : { binaryData: found.binaryData }),
      resourceVersion: found.metadata?.resourceVersion ?? '',
    };
  }
  const secrets: Record<string, string> = {};
  for (const name of references.secrets) {
    const found = view.get('secrets', namespace, name);
    if (found !== undefined) secrets[`${namespace ?? ''}/${name}`] = found.metadata?.resourceVersion ?? '';
  }
  return {
    pod,
    ...(references.configMaps.length === 0 ? {} : { configMaps }),
    ...(references.secrets.length === 0 ? {} : { secrets }),
  };
}
