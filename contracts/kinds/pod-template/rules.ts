import type {
  Container,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  LifecycleHandler,
  PodDNSConfig,
  PodSecurityContext,
  PodSpec,
  Probe,
  TopologySpreadConstraint,
  Volume,
} from '../kinds.ts';
import {
  absolutePath,
  configKey,
  dnsLabel,
  dnsSubdomain,
  envName,
  httpHeaderName,
  ipAddress,
  labelValue,
  pathWithin,
  portName,
  qualifiedName,
  trimmed,
} from '../name-formats.ts';
import { typeNode } from '../schema.ts';
import type { Findings } from '../validation-findings.ts';
import type { FieldRule, RuleTable, TypeRule } from '../validation-rules.ts';
import { checkContainers } from './check-containers.ts';
import { checkEnvFields, checkFileFields } from './check-downward-api.ts';
import { checkResources } from './check-resources.ts';
import { checkLabelRequirement, checkNodeRequirement, checkNodeTerm, checkToleration } from './check-scheduling.ts';
import { checkSeccomp, checkSecurityContext, checkSharing } from './check-security.ts';
import { checkEmptyDir, checkHostPath, checkMountPath, checkProjected, checkToken } from './check-volumes.ts';

const PORT = { min: 1, max: 65535 } as const;
const NAME_OR_PORT = (field: string) => (value: Record<string, unknown>, findings: Findings) => {
  const port = value[field];
  if (typeof port === 'number') {
    if (port < 1 || port > 65535) findings.invalid(field, port, 'must be between 1 and 65535, inclusive');
  } else if (typeof port === 'string') for (const detail of portName(port)) findings.invalid(field, port, detail);
};
const NOT_NEGATIVE = { min: 0 } as const;
const ID = { min: 0, max: 2 ** 31 - 1 } as const;
const MODE = { min: 0, max: 0o777 } as const;
const SUBDOMAIN: FieldRule = { format: dnsSubdomain };

const VOLUME_SOURCES = [...typeNode('Volume').fields.keys()].filter((field) => field !== 'name');
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];
const HOOKS = ['exec', 'httpGet', 'tcpSocket', 'sleep'];
const ENV_SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];

/** The names of those `fields` that a value has. */
const given = (value: object, fields: readonly string[]): readonly string[] =>
  fields.filter((field) => (value as Record<string, unknown>)[field] !== undefined);

/** Exactly one of `fields` must be set: a volume's source, a probe's handler. */
function checkOneOf(value: object, fields: readonly string[], what: string, findings: Findings): void {
  const [first, second] = given(value, fields);
  if (first === undefined) findings.required('', `must specify a ${what}`);
  else if (second !== undefined) findings.forbidden(second, `may not specify more than 1 ${what}`);
}

function checkEnv({ value = '', valueFrom }: EnvVar, findings: Findings): void {
  if (valueFrom !== undefined && value !== '') {
    findings.invalid('valueFrom', '', 'may not be specified when `value` is not empty');
  }
}
function checkEnvSource(source: EnvVarSource, findings: Findings): void {
  const names = given(source, ENV_SOURCES);
  if (names.length === 0) {
    findings.invalid(
      '',
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    );
  } else if (names.length > 1) findings.invalid('', '', 'may not have more than one field specified at a time');
  checkEnvFields(source, findings);
}
function checkEnvFrom(source: EnvFromSource, findings: Findings): void {
  const names = given(source, ['configMapRef', 'secretRef']);
  if (names.length === 0) findings.invalid('', '', 'must specify one of: `configMapRef` or `secretRef`');
  if (names.length > 1) findings.invalid('', '', 'may not have more than one field specified at a time');
}
const only1 =
  (which: 'livenessProbe' | 'startupProbe') =>
  (container: Partial<Record<typeof which, Probe>>, findings: Findings) => {
    const times = container[which]?.successThreshold ?? 1;
    if (times !== 1) findings.invalid(`${which}.successThreshold`, times, 'must be 1');
  };
const [onlyOnceAlive, onlyOnceStarted] = [only1('livenessProbe'), only1('startupProbe')];

const NAMESERVERS_MAX = 3;
function checkDns({ nameservers = [] }: PodDNSConfig, findings: Findings): void {
  if (nameservers.length > NAMESERVERS_MAX) {
    findings.invalid('nameservers', nameservers, `must not have more than ${NAMESERVERS_MAX} nameservers`);
  }
}
function checkGroups({ supplementalGroups = [] }: PodSecurityContext, findings: Findings): void {
  supplementalGroups.forEach((group, at) => {
    if (group >= ID.min && group <= ID.max) return;
    findings.invalid(`supplementalGroups[${at}]`, group, `must be between ${ID.min} and ${ID.max}, inclusive`);
  });
}
function checkMinDomains({ minDomains, whenUnsatisfiable }: TopologySpreadConstraint, findings: Findings): void {
  if (minDomains === undefined || whenUnsatisfiable === 'DoNotSchedule') return;
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  findings.invalid('minDomains', minDomains, detail);
}
function checkSpread({ topologySpreadConstraints = [] }: PodSpec, findings: Findings): void {
  const seen = new Set<string>();
  topologySpreadConstraints.forEach(({ topologyKey, whenUnsatisfiable }, at) => {
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(pair)) findings.duplicate(`topologySpreadConstraints[${at}].{topologyKey, whenUnsatisfiable}`, pair);
    seen.add(pair);
  });
}
function checkSleeps(spec: PodSpec, findings: Findings): void {
  const most = spec.terminationGracePeriodSeconds ?? 0;
  spec.containers.forEach(({ lifecycle }, at) => {
    for (const hook of ['postStart', 'preStop'] as const) {
      const seconds = lifecycle?.[hook]?.sleep?.seconds;
      if (seconds === undefined || (seconds >= 0 && seconds <= most)) continue;
      const detail = `must be non-negative and less than terminationGracePeriodSeconds (${most})`;
      findings.invalid(`containers[${at}].lifecycle.${hook}.sleep.seconds`, seconds, detail);
    }
  });
}

const CONTAINER: TypeRule = {
  fields: {
    name: { required: true, format: dnsLabel },
    image: { required: true, format: trimmed },
    imagePullPolicy: { oneOf: ['Always', 'IfNotPresent', 'Never'] },
    terminationMessagePolicy: { oneOf: ['FallbackToLogsOnError', 'File'] },
    restartPolicy: { oneOf: ['Always', 'Never', 'OnFailure'] },
    ports: { uniqueBy: 'name' },
  },
  check: (container: Container, findings) => {
    onlyOnceAlive(container, findings);
    onlyOnceStarted(container, findings);
  },
};

/** Kubernetes' rules (pkg/apis/core/validation) for everything in a pod's spec, in pods and in templates. */
export const POD_SPEC_RULES: RuleTable = {
  PodSpec: {
    fields: {
      containers: { required: true },
      restartPolicy: { oneOf: ['Always', 'Never', 'OnFailure'] },
      dnsPolicy: { oneOf: ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'] },
      terminationGracePeriodSeconds: NOT_NEGATIVE,
      activeDeadlineSeconds: { min: 1, max: 2 ** 31 - 1 },
      nodeSelector: { keys: qualifiedName, values: labelValue },
      nodeName: SUBDOMAIN,
      hostname: { format: dnsLabel },
      subdomain: { format: dnsLabel },
      serviceAccountName: SUBDOMAIN,
      priorityClassName: SUBDOMAIN,
      runtimeClassName: SUBDOMAIN,
      schedulerName: SUBDOMAIN,
      preemptionPolicy: { oneOf: ['Never', 'PreemptLowerPriority'] },
      volumes: { uniqueBy: 'name' },
      schedulingGates: { uniqueBy: 'name' },
    },
    check: (spec: PodSpec, findings) => {
      checkContainers(spec, findings);
      checkSharing(spec, findings);
      checkSpread(spec, findings);
      checkSleeps(spec, findings);
      if (spec.dnsPolicy === 'None' && (spec.dnsConfig?.nameservers ?? []).length === 0) {
        findings.required('dnsConfig.nameservers', 'must provide at least one DNS nameserver when `dnsPolicy` is None');
      }
    },
  },
  Container: CONTAINER,
  EphemeralContainer: CONTAINER,
  ContainerPort: {
    fields: {
      containerPort: { required: true, ...PORT },
      hostPort: { min: 0, max: 65535 },
      hostIP: { format: ipAddress },
      name: { format: portName },
      protocol: { oneOf: ['SCTP', 'TCP', 'UDP'] },
    },
  },
  EnvVar: { fields: { name: { required: true, format: envName } }, check: checkEnv },
  EnvVarSource: { check: checkEnvSource },
  EnvFromSource: { fields: { prefix: { format: envName } }, check: checkEnvFrom },
  ConfigMapKeySelector: { fields: { name: { required: true }, key: { required: true, format: configKey } } },
  SecretKeySelector: { fields: { name: { required: true }, key: { required: true, format: configKey } } },
  ConfigMapEnvSource: { fields: { name: { required: true, format: dnsSubdomain } } },
  SecretEnvSource: { fields: { name: { required: true, format: dnsSubdomain } } },
  ObjectFieldSelector: { fields: { fieldPath: { required: true } } },
  ResourceFieldSelector: { fields: { resource: { required: true } } },
  ResourceRequirements: { check: checkResources },
  Probe: {
    fields: {
      initialDelaySeconds: NOT_NEGATIVE,
      timeoutSeconds: NOT_NEGATIVE,
      periodSeconds: NOT_NEGATIVE,
      successThreshold: NOT_NEGATIVE,
      failureThreshold: NOT_NEGATIVE,
      terminationGracePeriodSeconds: { min: 1 },
    },
    check: (probe: Probe, findings) => checkOneOf(probe, HANDLERS, 'handler type', findings),
  },
  LifecycleHandler: {
    check: (hook: LifecycleHandler, findings) => checkOneOf(hook, HOOKS, 'handler type', findings),
  },
  HTTPHeader: { fields: { name: { required: true, format: httpHeaderName } } },
  ExecAction: { fields: { command: { required: true } } },
  HTTPGetAction: {
    fields: { path: { required: true }, scheme: { oneOf: ['HTTP', 'HTTPS'] } },
    check: NAME_OR_PORT('port'),
  },
  TCPSocketAction: { check: NAME_OR_PORT('port') },
  GRPCAction: { fields: { port: PORT } },
  Volume: {
    fields: { name: { required: true, format: dnsLabel } },
    check: (volume: Volume, findings) => checkOneOf(volume, VOLUME_SOURCES, 'volume type', findings),
  },
  VolumeMount: {
    fields: {
      name: { required: true },
      mountPath: { required: true },
      subPath: { format: pathWithin },
      mountPropagation: { oneOf: ['Bidirectional', 'HostToContainer', 'None'] },
    },
    check: checkMountPath,
  },
  KeyToPath: {
    fields: { key: { required: true }, path: { required: true, format: pathWithin }, mode: MODE },
  },
  SecretVolumeSource: { fields: { secretName: { required: true }, defaultMode: MODE } },
  ConfigMapVolumeSource: { fields: { name: { required: true }, defaultMode: MODE } },
  DownwardAPIVolumeFile: {
    fields: { path: { required: true, format: pathWithin }, mode: MODE },
    check: checkFileFields,
  },
  DownwardAPIVolumeSource: { fields: { defaultMode: MODE } },
  ProjectedVolumeSource: { fields: { defaultMode: MODE }, check: checkProjected },
  ServiceAccountTokenProjection: { check: checkToken },
  EmptyDirVolumeSource: { check: checkEmptyDir },
  HostPathVolumeSource: {
    fields: {
      path: { required: true },
      type: {
        oneOf: ['BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'],
      },
    },
    check: checkHostPath,
  },
  NFSVolumeSource: { fields: { server: { required: true }, path: { required: true, format: absolutePath } } },
  PersistentVolumeClaimVolumeSource: { fields: { claimName: { required: true } } },
  HostAlias: { fields: { ip: { required: true, format: ipAddress }, hostnames: { format: dnsSubdomain } } },
  Toleration: {
    fields: {
      key: { format: qualifiedName },
      operator: { oneOf: ['Equal', 'Exists'] },
      effect: { oneOf: ['NoExecute', 'NoSchedule', 'PreferNoSchedule'] },
    },
    check: checkToleration,
  },
  TopologySpreadConstraint: {
    fields: {
      maxSkew: { min: 1 },
      topologyKey: { required: true, format: qualifiedName },
      whenUnsatisfiable: { oneOf: ['DoNotSchedule', 'ScheduleAnyway'] },
      minDomains: { min: 1 },
    },
    check: checkMinDomains,
  },
  PodAffinityTerm: { fields: { topologyKey: { required: true, format: qualifiedName } } },
  WeightedPodAffinityTerm: { fields: { weight: { min: 1, max: 100 } } },
  PreferredSchedulingTerm: { fields: { weight: { min: 1, max: 100 } } },
  NodeSelector: { fields: { nodeSelectorTerms: { required: true } } },
  NodeSelectorTerm: { check: checkNodeTerm },
  NodeSelectorRequirement: { check: checkNodeRequirement },
  LabelSelector: { fields: { matchLabels: { keys: qualifiedName, values: labelValue } } },
  LabelSelectorRequirement: { check: checkLabelRequirement },
  PodSecurityContext: {
    fields: {
      runAsUser: ID,
      runAsGroup: ID,
      fsGroup: ID,
      fsGroupChangePolicy: { oneOf: ['Always', 'OnRootMismatch'] },
      supplementalGroupsPolicy: { oneOf: ['Merge', 'Strict'] },
    },
    check: checkGroups,
  },
  PodOS: { fields: { name: { oneOf: ['linux', 'windows'] } } },
  PodDNSConfig: { fields: { nameservers: { format: ipAddress } }, check: checkDns },
  SecurityContext: {
    fields: { runAsUser: ID, runAsGroup: ID, procMount: { oneOf: ['Default', 'Unmasked'] } },
    check: checkSecurityContext,
  },
  SeccompProfile: {
    fields: { type: { oneOf: ['Localhost', 'RuntimeDefault', 'Unconfined'] } },
    check: checkSeccomp,
  },
  PodSchedulingGate: { fields: { name: { required: true, format: qualifiedName } } },
  PodReadinessGate: { fields: { conditionType: { required: true, format: qualifiedName } } },
};
