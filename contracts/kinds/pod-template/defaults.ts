import type { DefaultTable } from '../defaults.ts';
import type { Container, ContainerPort, PodSpec, Probe, Volume } from '../kinds.ts';

/** The tag of an image reference; `latest` when there is neither tag nor digest. */
export function imageTag(image: string): string | undefined {
  if (image.includes('@')) return undefined;
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') ? last.slice(last.indexOf(':') + 1) : 'latest';
}

/** Only the tag `latest` is expected to change, so only that is pulled each time. */
const pullPolicy = ({ image = '' }: Container): string => (imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent');

const hasNoSource = (volume: Volume): boolean => Object.keys(volume).every((field) => field === 'name');

/** With `hostNetwork`, a container's port is also its host port. */
function hostPorts(spec: PodSpec): void {
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const port of (container.ports ?? []) as ContainerPort[]) port.hostPort ??= port.containerPort;
  }
}

/** Kubernetes treats 0 in a probe's counts as absent. */
function dropZeros(probe: Probe): void {
  for (const field of ['timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    if (probe[field] === 0) delete probe[field];
  }
}

const CONTAINER = {
  imagePullPolicy: pullPolicy,
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};
const MODE = { defaultMode: 0o644 };

/** Kubernetes' defaults (pkg/apis/core/v1/defaults.go) of everything in a pod's spec, in pods and in templates. */
export const POD_SPEC_DEFAULTS: DefaultTable = {
  PodSpec: {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    serviceAccount: (spec: PodSpec) => spec.serviceAccountName,
    serviceAccountName: (spec: PodSpec) => spec.serviceAccount,
    '': (spec: PodSpec) => {
      if (spec.hostNetwork === true) hostPorts(spec);
    },
  },
  Container: CONTAINER,
  EphemeralContainer: CONTAINER,
  ContainerPort: { protocol: 'TCP' },
  Probe: {
    '': dropZeros,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  },
  HTTPGetAction: { path: '/', scheme: 'HTTP' },
  GRPCAction: { service: '' },
  ObjectFieldSelector: { apiVersion: 'v1' },
  ResourceFieldSelector: { divisor: '0' },
  Volume: { emptyDir: (volume: Volume) => (hasNoSource(volume) ? {} : undefined) },
  SecretVolumeSource: MODE,
  ConfigMapVolumeSource: MODE,
  DownwardAPIVolumeSource: MODE,
  ProjectedVolumeSource: MODE,
  ServiceAccountTokenProjection: { expirationSeconds: 3600 },
  HostPathVolumeSource: { type: '' },
  ISCSIVolumeSource: { iscsiInterface: 'default' },
  RBDVolumeSource: { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' },
  AzureDiskVolumeSource: { cachingMode: 'ReadWrite', fsType: 'ext4', kind: 'Shared', readOnly: false },
  ScaleIOVolumeSource: { storageMode: 'ThinProvisioned', fsType: 'xfs' },
  PersistentVolumeClaimSpec: { volumeMode: 'Filesystem' },
};
