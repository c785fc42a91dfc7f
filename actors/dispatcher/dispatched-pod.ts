import type { Pod } from '../../contracts/kinds/kinds.ts';
import { podReferences } from '../../contracts/kinds/pod/pod-references.ts';
import type { DispatchedPod } from '../../contracts/messages/node.ts';
import type { View } from '../kernel/contract.ts';
import { dataBytes } from './data-bytes.ts';

/** Of the ConfigMaps of one pod, which go into one message with it. No environment is as large. */
const CONFIG_BYTES_MOST = 4 * 1024 * 1024;

/**
 * A pod with the ConfigMaps it refers to by value and the Secrets by version; what does not exist is left out, and what
 * would be too much is named alone.
 */
export function dispatchedPod(pod: Pod, view: View): DispatchedPod {
  const namespace = pod.metadata?.namespace;
  const references = podReferences(pod);
  const configMaps: Record<string, NonNullable<DispatchedPod['configMaps']>[string]> = {};
  const leftOut: string[] = [];
  let bytes = 0;
  for (const name of references.configMaps) {
    const found = view.get('configmaps', namespace, name);
    if (found === undefined) continue;
    const size = dataBytes(found);
    if (bytes + size > CONFIG_BYTES_MOST) {
      leftOut.push(`${namespace ?? ''}/${name}`);
      continue;
    }
    bytes += size;
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
    ...(leftOut.length === 0 ? {} : { leftOut }),
    ...(references.secrets.length === 0 ? {} : { secrets }),
  };
}
