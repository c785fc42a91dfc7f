import { isPlain, type Plain } from '../../json-values.ts';
import type { KubeObject, PodSpec } from '../kinds.ts';
import { SECURITY_LABEL } from '../pod-security/pod-security.ts';
import { rulesIn } from '../structural-schema/rules-in.ts';

/** A field that is accepted, validated and stored, but that Troupe does not implement. */
export interface Unmet {
  /** Relative to the object, or to a pod's spec. */
  readonly path: string;
  /** What happens instead. */
  readonly instead: string;
}

type Asked = (value: unknown) => boolean;
const isTrue: Asked = (value) => value === true;
const isFalse: Asked = (value) => value === false;
const isGiven: Asked = (value) => value !== undefined && value !== null && value !== '';
const hasEntries: Asked = (value) => (Array.isArray(value) ? value.length > 0 : Object.keys(plain(value)).length > 0);
const other =
  (...same: readonly string[]): Asked =>
  (value) =>
    typeof value === 'string' && value !== '' && !same.includes(value);

type Table = Readonly<Record<string, readonly [Asked, string]>>;

const POD: Table = {
  automountServiceAccountToken: [isTrue, 'there are no tokens of service accounts'],
  dnsPolicy: [other('ClusterFirst', 'Default', 'None'), 'there is no cluster DNS'],
  hostAliases: [hasEntries, 'nothing is added to /etc/hosts'],
  hostUsers: [isFalse, 'the pod has no user namespace of its own'],
  hostnameOverride: [isGiven, 'the host name is "hostname" or the pod\'s name'],
  imagePullSecrets: [hasEntries, 'images are pulled without credentials'],
  os: [(value) => other('linux')(plain(value)['name']), 'containers run on Linux'],
  priorityClassName: [isGiven, 'there are no PriorityClasses; "priority" counts'],
  resourceClaims: [hasEntries, 'no device is claimed'],
  resources: [
    (value) => ['limits', 'requests', 'claims'].some((field) => hasEntries(plain(value)[field])),
    'those of the containers count',
  ],
  runtimeClassName: [isGiven, "containers run in the engine's own runtime"],
  schedulingGroup: [hasEntries, 'the pod is placed on its own'],
  setHostnameAsFQDN: [isTrue, 'the host name is the short one'],
  subdomain: [isGiven, 'there is no cluster DNS'],
  topologySpreadConstraints: [hasEntries, 'the pod is placed without them'],
};

const AFFINITY: Table = {
  podAffinity: [isPlain, 'the pod is placed without it'],
  podAntiAffinity: [isPlain, 'the pod is placed without it'],
};

const CONTAINER: Table = {
  lifecycle: [hasEntries, 'no hook runs, and its image says which signal stops it'],
  restartPolicyRules: [hasEntries, 'its restart policy alone decides'],
  terminationMessagePath: [other('/dev/termination-log'), 'termination messages are not read'],
  terminationMessagePolicy: [other('File'), 'termination messages are not read'],
};

const SECURITY: Table = {
  seLinuxOptions: [hasEntries, 'no label is set'],
  supplementalGroupsPolicy: [other('Merge'), "the image's groups are kept too"],
  windowsOptions: [hasEntries, 'containers run on Linux'],
};

const plain = (value: unknown): Plain => (isPlain(value) ? value : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The unimplemented fields of `fields`, in the order of the table. */
function* among(table: Table, fields: Plain, at = ''): Generator<Unmet> {
  for (const [field, [asked, instead]] of Object.entries(table)) {
    if (Object.hasOwn(fields, field) && asked(fields[field])) yield { path: `${at}${field}`, instead };
  }
}

function* ofContainer(container: Plain, at: string): Generator<Unmet> {
  for (const [index, variable] of list(container['env']).entries()) {
    const source = plain(plain(variable)['valueFrom']);
    if (isGiven(source['fileKeyRef']))
      yield { path: `${at}env[${index}].valueFrom.fileKeyRef`, instead: 'the variable is not set' };
  }
  yield* among(CONTAINER, container, at);
  yield* among(SECURITY, plain(container['securityContext']), `${at}securityContext.`);
}

/** The kinds of volumes that a node makes. */
const VOLUMES = ['emptyDir', 'configMap', 'secret', 'downwardAPI', 'projected', 'hostPath'];

function* ofVolume(volume: Plain, at: string): Generator<Unmet> {
  for (const kind of Object.keys(volume)) {
    if (kind === 'name' || VOLUMES.includes(kind) || !isPlain(volume[kind])) continue;
    yield { path: `${at}${kind}`, instead: 'the pod waits, because no node can mount it' };
  }
  for (const [index, source] of list(plain(volume['projected'])['sources']).entries()) {
    if (isPlain(plain(source)['clusterTrustBundle'])) {
      const path = `${at}projected.sources[${index}].clusterTrustBundle`;
      yield { path, instead: 'the pod waits, because there are no ClusterTrustBundles' };
    }
  }
}

function* ofSpec(spec: Plain, at: string): Generator<Unmet> {
  yield* among(AFFINITY, plain(spec['affinity']), `${at}affinity.`);
  yield* among(POD, spec, at);
  yield* among(SECURITY, plain(spec['securityContext']), `${at}securityContext.`);
  for (const [index, volume] of list(spec['volumes']).entries())
    yield* ofVolume(plain(volume), `${at}volumes[${index}].`);
  for (const field of ['initContainers', 'containers']) {
    for (const [index, container] of list(spec[field]).entries())
      yield* ofContainer(plain(container), `${at}${field}[${index}].`);
  }
}

const ACTED_UPON = [`${SECURITY_LABEL}enforce`, `${SECURITY_LABEL}enforce-version`];
function* ofNamespace(namespace: Plain): Generator<Unmet> {
  for (const label of Object.keys(plain(plain(namespace['metadata'])['labels']))) {
    if (label.startsWith(SECURITY_LABEL) && !ACTED_UPON.includes(label))
      yield { path: `metadata.labels[${label}]`, instead: 'only "enforce" is' };
  }
}

/** The unimplemented fields that a pod's spec uses. Pure; accepts input of any shape. */
export const unmetOfPod = (spec: PodSpec | undefined): readonly Unmet[] => [...ofSpec(plain(spec), '')];

/** The unimplemented fields that an object uses. Pure; accepts input of any shape. */
export function notActedUpon(object: KubeObject): readonly Unmet[] {
  const fields = plain(object);
  const spec = plain(fields['spec']);
  switch (fields['kind']) {
    case 'Pod':
      return [...ofSpec(spec, 'spec.')];
    case 'Deployment':
    case 'ReplicaSet':
      return [...ofSpec(plain(plain(spec['template'])['spec']), 'spec.template.spec.')];
    case 'CustomResourceDefinition':
      return [...rulesIn(spec['versions'], 'spec.versions')].map((path) => ({
        path,
        instead: 'rules in CEL are not evaluated',
      }));
    case 'ServiceAccount':
      return [...among({ imagePullSecrets: POD['imagePullSecrets'] as Table[string] }, fields)];
    case 'Secret': {
      const token = fields['type'] === 'kubernetes.io/service-account-token';
      return token ? [{ path: 'type', instead: 'no token is written into it' }] : [];
    }
    case 'Namespace':
      return [...ofNamespace(fields)];
    default:
      return [];
  }
}

/** Most warnings for one object. */
const WARNINGS_MAX = 20;

/** The same as warnings for the client, like those of Kubernetes' API server. Pure. */
export function warningsOf(object: KubeObject): readonly string[] {
  const unmet = notActedUpon(object);
  const lines = unmet.slice(0, WARNINGS_MAX).map(({ path, instead }) => `${path} is not acted upon yet: ${instead}`);
  const more = unmet.length - WARNINGS_MAX;
  return more > 0 ? [...lines, `${more} more fields are not acted upon yet`] : lines;
}
