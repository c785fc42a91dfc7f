import type { Container, PodSpec } from '../../../contracts/kinds/kinds.ts';
import type { VolumeMountConfig } from '../../../contracts/runtime/volumes.ts';

/** Volumes whose files are given: containers cannot change them. */
const READ_ONLY = ['configMap', 'secret', 'downwardAPI', 'projected'] as const;

/** Where a container sees its pod's volumes. Pure. */
export function volumeMounts(spec: PodSpec | undefined, container: Container): readonly VolumeMountConfig[] {
  const given = new Set(
    (spec?.volumes ?? [])
      .filter((volume) => READ_ONLY.some((kind) => volume[kind] !== undefined))
      .map(({ name }) => name),
  );
  return (container.volumeMounts ?? []).map((mount) => {
    const { name, mountPath, subPath = '', subPathExpr = '', mountPropagation } = mount;
    const readOnly = mount.readOnly === true || given.has(name);
    return {
      volume: name,
      mountPath: mountPath.startsWith('/') ? mountPath : `/${mountPath}`,
      ...(readOnly ? { readOnly } : {}),
      ...(mount.recursiveReadOnly === 'Enabled' ? { recursiveReadOnly: true } : {}),
      ...(subPath === '' ? {} : { subPath }),
      ...(subPathExpr === '' ? {} : { subPathExpr }),
      ...(mountPropagation === 'HostToContainer' || mountPropagation === 'Bidirectional'
        ? { propagation: mountPropagation }
        : {}),
    };
  });
}
