import { own } from '../../../contracts/json-values.ts';
import type { ConfigMapProjection } from '../../../contracts/kinds/kinds.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import type { FileSource } from '../../../contracts/runtime/volumes.ts';
import { MountError } from './mount-error.ts';

/** The keys of a ConfigMap as files. Pure. @throws MountError in Kubernetes' words */
export function configMapFiles(
  { pod, configMaps, leftOut }: DispatchedPod,
  { name = '', items, optional = false }: ConfigMapProjection,
): readonly FileSource[] {
  const id = `${pod.metadata?.namespace ?? ''}/${name}`;
  if (leftOut?.includes(id) === true) {
    throw new MountError(
      `configmap "${name}": the pod's ConfigMaps are too large together; refer to fewer or smaller ones`,
    );
  }
  const found = configMaps?.[id];
  if (found === undefined) {
    if (optional) return [];
    throw new MountError(`configmap "${name}" not found`);
  }
  const { data = {}, binaryData = {} } = found;
  if (items === undefined) {
    return [
      ...Object.entries(data).map(([path, text]) => ({ path, text })),
      ...Object.entries(binaryData).map(([path, base64]) => ({ path, base64 })),
    ];
  }
  return items.flatMap(({ key, path, mode }): readonly FileSource[] => {
    const at = { path, ...(mode === undefined ? {} : { mode }) };
    const text = own(data, key);
    const base64 = own(binaryData, key);
    if (text !== undefined) return [{ ...at, text }];
    if (base64 !== undefined) return [{ ...at, base64 }];
    if (optional) return [];
    throw new MountError(`configmap references non-existent config key: ${key}`);
  });
}
