import { canonicalJson, safeHash } from '../../../contracts/hash/stable-hash.ts';
import type { Pod, Volume } from '../../../contracts/kinds/kinds.ts';
import { podReferences } from '../../../contracts/kinds/pod/pod-references.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import { wholeUnits } from '../../../contracts/quantity.ts';
import {
  type EmptyDir,
  type FileSource,
  HOST_PATH_TYPES,
  type PodVolumesConfig,
  type VolumeConfig,
} from '../../../contracts/runtime/volumes.ts';
import { podRef } from '../containers/container-config.ts';
import { MountError } from './mount-error.ts';
import { pluginOf, type VolumeFacts, volumeFiles } from './volume-sources.ts';

const HASH_LENGTH = 7;

/**
 * Identifies what a pod's volumes hold: changes with its spec, with the ConfigMaps and Secrets that it refers to, and with the
 * labels and annotations that become files. Pure. @returns `undefined` for a pod without volumes
 */
export function volumesVersion({ pod, configMaps = {}, secrets = {} }: DispatchedPod): string | undefined {
  const volumes = pod.spec?.volumes ?? [];
  if (volumes.length === 0) return undefined;
  const { labels = {}, annotations = {}, namespace = '' } = pod.metadata ?? {};
  const isDownward = volumes.some(
    ({ downwardAPI, projected }) =>
      downwardAPI !== undefined || projected?.sources?.some((source) => source.downwardAPI !== undefined) === true,
  );
  const used = podReferences({ ...pod, spec: { containers: [], volumes } });
  return safeHash(
    canonicalJson({
      volumes,
      fsGroup: pod.spec?.securityContext?.fsGroup ?? null,
      configMaps: used.configMaps.map((name) => configMaps[`${namespace}/${name}`]?.resourceVersion ?? ''),
      secrets: used.secrets.map((name) => secrets[`${namespace}/${name}`] ?? ''),
      ...(isDownward ? { labels, annotations } : {}),
    }),
    HASH_LENGTH,
  );
}

/** The request that makes a pod's volumes, without those that cannot be made, and why they cannot. Pure. */
export function podVolumes(
  facts: VolumeFacts,
  version: string,
): { readonly config: PodVolumesConfig; readonly failures: readonly string[] } {
  const { pod } = facts.dispatched;
  const fsGroup = pod.spec?.securityContext?.fsGroup;
  const volumes: VolumeConfig[] = [];
  const failures: string[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    try {
      volumes.push(volumeConfig(volume, facts));
    } catch (error) {
      if (!(error instanceof MountError)) throw error;
      failures.push(`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`);
    }
  }
  const complete = failures.length === 0 ? version : '';
  return {
    config: { pod: podRef(pod), version: complete, volumes, ...(fsGroup === undefined ? {} : { fsGroup }) },
    failures,
  };
}

function volumeConfig(volume: Volume, facts: VolumeFacts): VolumeConfig<FileSource> {
  const { name, emptyDir, hostPath } = volume;
  if (emptyDir !== undefined) return { name, emptyDir: emptyDirOf(facts.dispatched.pod, emptyDir) };
  if (hostPath !== undefined) {
    const type = HOST_PATH_TYPES.find((each) => each === (hostPath.type ?? ''));
    if (type === undefined) throw new MountError(`hostPath type ${hostPath.type ?? ''} is unknown`);
    return { name, hostPath: { path: hostPath.path, type } };
  }
  const files = volumeFiles(volume, facts);
  if (files === undefined) throw new MountError(`no volume plugin matched name: ${pluginOf(volume)}`);
  return { name, files };
}

/** A tmpfs is at most as large as the pod's memory limit: what it holds counts as the pod's memory. */
function emptyDirOf(pod: Pod, { medium, sizeLimit }: NonNullable<Volume['emptyDir']>): EmptyDir {
  const limit = sizeLimit === undefined ? 0 : wholeUnits(sizeLimit);
  const memory = medium === 'Memory';
  const sizes = [limit, memory ? memoryLimit(pod) : 0].filter((bytes) => bytes > 0);
  return { ...(memory ? { memory } : {}), ...(sizes.length === 0 ? {} : { sizeLimitBytes: Math.min(...sizes) }) };
}

/** Zero when a container has none. */
function memoryLimit({ spec }: Pod): number {
  const limits = (spec?.containers ?? []).map(({ resources }) => wholeUnits(resources?.limits?.['memory']));
  return limits.every((bytes) => bytes > 0) ? limits.reduce((sum, bytes) => sum + bytes, 0) : 0;
}
