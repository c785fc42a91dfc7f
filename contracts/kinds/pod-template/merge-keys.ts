import type { MergeKeyTable } from '../../merge/merge-keys.ts';

const CONTAINER: MergeKeyTable[string] = {
  env: { by: ['name'] },
  ports: { by: ['containerPort', 'protocol'], defaults: { protocol: 'TCP' } },
  volumeMounts: { by: ['mountPath'] },
  volumeDevices: { by: ['devicePath'] },
};

/** Kubernetes' patchMergeKey and listMapKey markers (core/v1 types.go) for everything in a pod's spec. */
export const POD_SPEC_MERGE_KEYS: MergeKeyTable = {
  PodSpec: {
    containers: { by: ['name'] },
    initContainers: { by: ['name'] },
    ephemeralContainers: { by: ['name'] },
    volumes: { by: ['name'], retainKeys: true },
    hostAliases: { by: ['ip'] },
    imagePullSecrets: { by: ['name'] },
    resourceClaims: { by: ['name'] },
    schedulingGates: { by: ['name'] },
    topologySpreadConstraints: { by: ['topologyKey', 'whenUnsatisfiable'] },
  },
  Container: CONTAINER,
  EphemeralContainer: CONTAINER,
  ResourceRequirements: { claims: { by: ['name'] } },
};
