import type { Pod } from '../../contracts/kinds/kinds.ts';
import { podReferences } from '../../contracts/kinds/pod/pod-references.ts';
import type { DispatchedPod } from '../../contracts/messages/node.ts';
import type { View } from '../kernel/contract.ts';
import { dataBytes } from './payload-size.ts';

/** Most bytes of ConfigMaps in one pod's message. No environment is as large. */
const CONFIG_BYTES_MOST = 4 * 1024 * 1024;

/**
 * A pod with the ConfigMaps that it refers to, by value, and the Secrets, by version. References to what does not exist are
 * left out; ConfigMaps beyond the size limit are only named, in `leftOut`.
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
