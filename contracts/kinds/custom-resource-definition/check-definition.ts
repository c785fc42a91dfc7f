import { pathReader, stepsOf } from '../custom/json-path.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../kinds.ts';
import { dnsLabel, dnsSubdomain } from '../name-formats.ts';
import { checkStructural } from '../structural-schema/check-structural.ts';
import type { Findings } from '../validation-findings.ts';

const SCOPES = ['Cluster', 'Namespaced'];
const COLUMN_TYPES = ['integer', 'number', 'string', 'boolean', 'date'];
/** Groups whose kinds are built in, or may be one day. @see kubernetes api-approved.kubernetes.io */
const isReserved = (group: string): boolean => group.endsWith('.k8s.io') || group.endsWith('.kubernetes.io');
const APPROVAL = 'api-approved.kubernetes.io';

/** Validates a definition, with Kubernetes' messages. `findings` must be at the object. */
export function checkDefinition(definition: CustomResourceDefinition, findings: Findings): void {
  const { spec, metadata } = definition;
  const wanted = `${spec.names.plural}.${spec.group}`;
  if (metadata?.name !== wanted)
    findings.invalid('metadata.name', metadata?.name, 'must be spec.names.plural+"."+spec.group');
  if (isReserved(spec.group) && metadata?.annotations?.[APPROVAL] === undefined)
    findings.required(
      `metadata.annotations[${APPROVAL}]`,
      'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    );
  findings.enter('spec');
  checkSpec(spec, findings);
  findings.leave();
}

function checkSpec(spec: CustomResourceDefinitionSpec, findings: Findings): void {
  if (spec.group === '') findings.required('group');
  else for (const detail of dnsSubdomain(spec.group)) findings.invalid('group', spec.group, detail);
  if (spec.group !== '' && !spec.group.includes('.'))
    findings.invalid('group', spec.group, 'should be a domain with at least one dot');
  if (!SCOPES.includes(spec.scope)) findings.notSupported('scope', spec.scope, SCOPES);
  if (spec.preserveUnknownFields === true)
    findings.invalid(
      'preserveUnknownFields',
      true,
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    );
  if ((spec.conversion?.strategy ?? 'None') !== 'None')
    findings.notSupported('conversion.strategy', spec.conversion?.strategy, ['None']);
  findings.enter('names');
  checkNames(spec.names, findings);
  findings.leave();
  checkVersions(spec.versions, findings);
}

function checkNames(names: CustomResourceDefinitionNames, findings: Findings): void {
  const labels = { plural: names.plural, singular: names.singular ?? '' };
  for (const [field, text] of Object.entries(labels)) {
    if (text === '') findings.required(field);
    else for (const detail of dnsLabel(text)) findings.invalid(field, text, detail);
  }
  for (const field of ['kind', 'listKind'] as const) {
    const text = names[field] ?? '';
    if (text === '') findings.required(field);
    else for (const detail of dnsLabel(text.toLowerCase())) findings.invalid(field, text, detail);
  }
  if (names.kind !== '' && names.kind === names.listKind)
    findings.invalid('listKind', names.listKind, 'kind and listKind may not be the same');
  for (const field of ['shortNames', 'categories'] as const) {
    names[field]?.forEach((text, index) => {
      for (const detail of dnsLabel(text)) findings.invalid(`${field}[${index}]`, text, detail);
    });
  }
}

function checkVersions(versions: readonly CustomResourceDefinitionVersion[], findings: Findings): void {
  const stored = versions.filter(({ storage }) => storage).length;
  if (stored !== 1)
    findings.invalid(
      'versions',
      versions.map(({ name }) => name),
      'must have exactly one version marked as storage version',
    );
  const seen = new Set<string>();
  versions.forEach((version, index) => {
    findings.enter('versions');
    findings.enter(index);
    if (seen.has(version.name)) findings.duplicate('name', version.name);
    seen.add(version.name);
    for (const detail of dnsLabel(version.name)) findings.invalid('name', version.name, detail);
    checkVersion(version, findings);
    findings.leave();
    findings.leave();
  });
}

function checkVersion(version: CustomResourceDefinitionVersion, findings: Findings): void {
  const schema = version.schema?.openAPIV3Schema;
  if (schema === undefined) findings.required('schema.openAPIV3Schema', 'schemas are required');
  else {
    findings.enter('schema');
    findings.enter('openAPIV3Schema');
    checkStructural(schema, findings);
    findings.leave();
    findings.leave();
  }
  version.additionalPrinterColumns?.forEach(({ type, jsonPath, name }, index) => {
    const at = `additionalPrinterColumns[${index}]`;
    if (name === '') findings.required(`${at}.name`);
    if (!COLUMN_TYPES.includes(type)) findings.notSupported(`${at}.type`, type, COLUMN_TYPES);
    checkPath(`${at}.jsonPath`, jsonPath, findings);
  });
  version.selectableFields?.forEach(({ jsonPath }, index) =>
    checkPath(`selectableFields[${index}].jsonPath`, jsonPath, findings),
  );
  checkScale(version, findings);
}

function checkPath(at: string, path: string, findings: Findings): void {
  if (!path.startsWith('.') || pathReader(path) === undefined)
    findings.invalid(at, path, 'is invalid: must be a simple json path starting with .');
}

function checkScale({ subresources }: CustomResourceDefinitionVersion, findings: Findings): void {
  const scale = subresources?.scale;
  if (scale === undefined) return;
  const roots = { specReplicasPath: 'spec', statusReplicasPath: 'status', labelSelectorPath: '' } as const;
  for (const [field, root] of Object.entries(roots)) {
    const path = scale[field as keyof typeof roots];
    if (path === undefined) continue;
    const [first = '', ...rest] = stepsOf(path);
    const isUnder = root === '' ? first === 'spec' || first === 'status' : first === root;
    if (!path.startsWith('.') || !isUnder || rest.length === 0 || /[[\]]/.test(path))
      findings.invalid(
        `subresources.scale.${field}`,
        path,
        `should be a json path under .${root === '' ? 'status or .spec' : root}`,
      );
  }
}

const NAMES_KEPT = ['group', 'scope'] as const;

/** Validates an update; what names and places the objects of the kind is immutable. */
export function checkDefinitionUpdate(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
  findings: Findings,
): void {
  checkDefinition(definition, findings);
  for (const field of NAMES_KEPT) {
    if (definition.spec[field] !== old.spec[field])
      findings.invalid(`spec.${field}`, definition.spec[field], 'field is immutable');
  }
  for (const field of ['kind', 'plural'] as const) {
    const isAccepted = old.status?.acceptedNames?.[field] !== undefined;
    if (isAccepted && definition.spec.names[field] !== old.spec.names[field])
      findings.invalid(`spec.names.${field}`, definition.spec.names[field], 'field is immutable');
  }
  (definition.status?.storedVersions ?? []).forEach((stored, index) => {
    if (definition.spec.versions.some(({ name }) => name === stored)) return;
    findings.invalid(
      `status.storedVersions[${index}]`,
      stored,
      'missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions'.replaceAll(
        'v1',
        stored,
      ),
    );
  });
}
