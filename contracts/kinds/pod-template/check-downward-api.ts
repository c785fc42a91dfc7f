import { canonicalQuantity, parseQuantity } from '../../quantity.ts';
import type { DownwardAPIVolumeFile, EnvVarSource, ObjectFieldSelector, ResourceFieldSelector } from '../kinds.ts';
import { annotationKey, type Format, qualifiedName } from '../name-formats.ts';
import type { Findings } from '../validation-findings.ts';

/** Pod fields that an environment variable may refer to; sorted, as in messages. */
const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** Pod fields that a file in a volume may refer to. */
const FILE_FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
/** All pod fields that Kubernetes knows in field references. */
const KNOWN_FIELDS = new Set([
  ...ENV_FIELDS,
  ...FILE_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.terminationGracePeriodSeconds',
  'status.phase',
]);
/** Maps whose entries may be referred to by key -> format of their keys. */
const MAPS: Readonly<Record<string, Format>> = {
  'metadata.annotations': annotationKey,
  'metadata.labels': qualifiedName,
};

const RESOURCES = ['limits', 'requests'].flatMap((of) =>
  ['cpu', 'ephemeral-storage', 'memory'].map((name) => `${of}.${name}`),
);
const HUGE_PAGES = /^(?:limits|requests)\.hugepages-/;
const BYTES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
/** Resource -> [supported divisors, the divisors as text, the resource's name]; the latter two for the message. */
const DIVISORS: Readonly<Record<string, readonly [readonly string[], string, string]>> = {
  cpu: [['1m', '1'], '1m and 1', 'cpu'],
  memory: [BYTES, BYTES.join(', '), 'memory'],
  hugepages: [BYTES, BYTES.join(', '), 'hugepages'],
  'ephemeral-storage': [BYTES, BYTES.join(', '), 'local ephemeral storage'],
};

const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

/** @see kubernetes pkg/apis/core/validation: validateObjectFieldSelector */
function checkField(
  { apiVersion = 'v1', fieldPath }: ObjectFieldSelector,
  fields: readonly string[],
  findings: Findings,
) {
  if (fieldPath === '') return; // reported by the rule table
  const unconverted = (why: string): void =>
    findings.invalid(
      'fieldPath',
      fieldPath,
      `error converting fieldPath: ${why}; supported values: ${quoted([...fields, ...Object.keys(MAPS).map((map) => `${map}['<key>']`)])}`,
    );
  if (apiVersion !== 'v1') {
    return findings.invalid(
      'fieldPath',
      fieldPath,
      `error converting fieldPath: unsupported pod version: ${apiVersion}`,
    );
  }
  const [, map, key] = /^(.+?)\['(.*)'\]$/s.exec(fieldPath) ?? [];
  if (map !== undefined && key !== undefined) {
    if (!Object.hasOwn(MAPS, map)) return unconverted(`field label does not support subscript: ${fieldPath}`);
    for (const detail of MAPS[map]?.(key) ?? []) findings.invalid('', key, detail);
  } else if (!KNOWN_FIELDS.has(fieldPath)) unconverted(`field label not supported: ${fieldPath}`);
  else if (!fields.includes(fieldPath)) findings.notSupported('fieldPath', fieldPath, fields);
}

/** @see kubernetes pkg/apis/core/validation: validateContainerResourceFieldSelector */
function checkResource({ resource, divisor = 0 }: ResourceFieldSelector, findings: Findings): void {
  if (resource === '') return; // reported by the rule table
  if (!RESOURCES.includes(resource) && !HUGE_PAGES.test(resource)) {
    return findings.notSupported('resource', resource, RESOURCES);
  }
  const found = DIVISORS[HUGE_PAGES.test(resource) ? 'hugepages' : resource.slice(resource.indexOf('.') + 1)];
  if (found === undefined || parseQuantity(divisor) === 0) return;
  const [divisors, text, of] = found;
  if (divisors.includes(canonicalQuantity(divisor))) return;
  findings.invalid('divisor', resource, `only divisor's values ${text} are supported with the ${of} resource`);
}

function within(field: string, findings: Findings, check: () => void): void {
  findings.enter(field);
  check();
  findings.leave();
}

/** Rules for environment variables that refer to fields of the pod. */
export function checkEnvFields({ fieldRef, resourceFieldRef }: EnvVarSource, findings: Findings): void {
  if (fieldRef !== undefined) within('fieldRef', findings, () => checkField(fieldRef, ENV_FIELDS, findings));
  if (resourceFieldRef !== undefined)
    within('resourceFieldRef', findings, () => checkResource(resourceFieldRef, findings));
}

/** Rules for volume files that refer to fields of the pod. */
export function checkFileFields({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, findings: Findings): void {
  if (fieldRef === undefined && resourceFieldRef === undefined) {
    findings.required('', 'one of fieldRef and resourceFieldRef is required');
  } else if (fieldRef !== undefined && resourceFieldRef !== undefined) {
    findings.invalid('', 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
  }
  if (fieldRef !== undefined) within('fieldRef', findings, () => checkField(fieldRef, FILE_FIELDS, findings));
  else if (resourceFieldRef !== undefined) {
    within('resourceFieldRef', findings, () => {
      if ((resourceFieldRef.containerName ?? '') === '') findings.required('containerName');
      else checkResource(resourceFieldRef, findings);
    });
  }
}
