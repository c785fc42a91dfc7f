import { isPlain, type Plain } from '../../json-values.ts';
import { type ColumnOf, printerColumns } from './printer-columns.ts';
import type { Kind, KindVersion, ScaleFields, Subresource } from '../kind.ts';
import { checkIdentity } from '../kind.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion, KubeObject } from '../kinds.ts';
import { ruleChecker } from '../validation-rules.ts';
import { checkMeta, checkMetaUpdate } from '../meta/check-meta.ts';
import { conditionOf, isTrue } from '../meta/conditions.ts';
import { META_RULES } from '../meta/meta-rules.ts';
import { firstGeneration, keepStatus } from '../meta/system-fields.ts';
import { dnsSubdomain } from '../name-formats.ts';
import { typeNode } from '../schema.ts';
import { checkValue } from '../structural-schema/check-value.ts';
import { applySchemaDefaults, pruned } from '../structural-schema/fields.ts';
import { customSchema } from '../structural-schema/object-schema.ts';
import { OBJECT_FIELDS, type StructuralSchema } from '../structural-schema/structural-schema.ts';
import { sameValue } from '../../json-values.ts';
import { Findings } from '../validation-findings.ts';
import { pathReader, stepsOf, textOf } from './json-path.ts';

const ANYTHING: StructuralSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const checkMetaRules = ruleChecker(typeNode('ObjectMeta'), META_RULES);

/** Is the kind of this definition served? */
export const isServed = ({ status }: CustomResourceDefinition): boolean => isTrue(status, 'Established');

/**
 * The kind that a CustomResourceDefinition describes, with the names that were accepted. Pure. A definition without schemas,
 * as clients get it for printing, gives a kind that accepts any field.
 */
export function customKind(definition: CustomResourceDefinition): Kind {
  const { spec, status } = definition;
  const names = status?.acceptedNames ?? spec.names;
  const storage =
    spec.versions.find((version) => version.storage) ?? (spec.versions[0] as CustomResourceDefinitionVersion);
  const schema = schemaOfVersion(storage);
  const hasStatus = storage.subresources?.status !== undefined;
  const identity = { kind: spec.names.kind, namespaced: spec.scope === 'Namespaced', nameFormat: dnsSubdomain };
  const scale = scaleFields(storage);
  const columns = new Map(spec.versions.map((version) => [version.name, printerColumns(version)]));
  return {
    resource: `${spec.names.plural}.${spec.group}`,
    singular: names.singular ?? spec.names.kind.toLowerCase(),
    kind: spec.names.kind,
    group: spec.group,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: identity.namespaced,
    subresources: subresourcesOf(hasStatus, scale !== undefined),
    versions: spec.versions.map((version) => versionOf(definition, version, storage)),
    storageVersion: `${spec.group}/${storage.name}`,
    schema: customSchema(schema),
    secret: false,
    selectableFields: selectableFields(storage),
    columns: columns.get(storage.name) as ColumnOf,
    ...(scale === undefined ? {} : { scale }),
    ...(isClosing(definition) ? { closed: 'create not allowed while custom resource definition is terminating' } : {}),
    applyDefaults: (object) => applySchemaDefaults(schema, object),
    prepareForCreate: (object) => {
      firstGeneration(object);
      if (hasStatus) delete (object as { status?: unknown }).status;
    },
    prepareForUpdate: (object, old) => {
      if (hasStatus) keepStatus(object as { status?: unknown }, old as { status?: unknown });
      const before = old.metadata?.generation ?? 1;
      object.metadata = { ...object.metadata, generation: sameDesire(object, old, hasStatus) ? before : before + 1 };
    },
    prepareForStatus: () => undefined,
    validate: (object, old) => {
      const findings = new Findings();
      checkIdentity(identity, object, findings);
      findings.enter('metadata');
      checkMetaRules(object.metadata ?? {}, findings);
      findings.leave();
      checkMeta(object.metadata ?? {}, findings);
      if (old !== undefined) checkMetaUpdate(object.metadata ?? {}, old.metadata ?? {}, findings);
      checkValue(withoutHead(schema), object, findings);
      return findings.causes;
    },
  };
}

const isClosing = ({ metadata, status }: CustomResourceDefinition): boolean =>
  metadata?.deletionTimestamp !== undefined || conditionOf(status, 'Terminating')?.status === 'True';

const schemaOfVersion = ({ schema }: CustomResourceDefinitionVersion): StructuralSchema =>
  schema?.openAPIV3Schema ?? ANYTHING;

/** The schema without the fields whose types Kubernetes defines. */
function withoutHead(schema: StructuralSchema): StructuralSchema {
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([name]) => !OBJECT_FIELDS.has(name)),
  );
  return { ...schema, properties };
}

const subresourcesOf = (hasStatus: boolean, hasScale: boolean): readonly Subresource[] => [
  ...(hasStatus ? (['status'] as const) : []),
  ...(hasScale ? (['scale'] as const) : []),
];

/** Everything but the metadata, and the status where a subresource of that name sets it. */
function sameDesire(object: KubeObject, old: KubeObject, hasStatus: boolean): boolean {
  const desire = (of: KubeObject): Plain =>
    Object.fromEntries(Object.entries(of).filter(([name]) => name !== 'metadata' && !(hasStatus && name === 'status')));
  return sameValue(desire(object), desire(old));
}

/** Versions differ in their schemas and in `apiVersion` only (conversion strategy None). */
function versionOf(
  { spec: { group } }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  storage: CustomResourceDefinitionVersion,
): KindVersion {
  const apiVersion = `${group}/${version.name}`;
  const schema = schemaOfVersion(version);
  const shown = shownAs(apiVersion, schema);
  return {
    apiVersion,
    served: version.served,
    schema: customSchema(schema),
    fromStorage: shown,
    columns: printerColumns(version),
    printerColumns: version.additionalPrinterColumns ?? [],
    ...(version === storage
      ? {}
      : {
          toStorage: (object: KubeObject) => {
            const converted = { ...object, apiVersion: `${group}/${storage.name}` };
            applySchemaDefaults(schema, converted);
            return converted;
          },
          check: (object, findings) => checkValue(withoutHead(schema), defaulted(schema, object), findings),
        }),
  };
}

function defaulted(schema: StructuralSchema, object: KubeObject): KubeObject {
  const copy = pruned(schema, object, true) as KubeObject;
  applySchemaDefaults(schema, copy);
  return copy;
}

/**
 * Shows a stored object in a version: with the fields of its schema only, and with its defaults, since the schema may have
 * changed after the object was stored. Each stored object is converted once.
 */
function shownAs(apiVersion: string, schema: StructuralSchema): (object: KubeObject) => KubeObject {
  const known = new WeakMap<KubeObject, KubeObject>();
  return (object) => {
    const before = known.get(object);
    if (before !== undefined) return before;
    const shown = { ...defaulted(schema, object), apiVersion };
    known.set(object, shown);
    return shown;
  };
}

function selectableFields({
  selectableFields: fields = [],
}: CustomResourceDefinitionVersion): Kind['selectableFields'] {
  return Object.fromEntries(
    fields.map(({ jsonPath }) => {
      const read = pathReader(jsonPath);
      return [jsonPath.slice(1), (object: KubeObject) => textOf(read?.(object)[0])];
    }),
  );
}

function scaleFields({ subresources }: CustomResourceDefinitionVersion): ScaleFields | undefined {
  const paths = subresources?.scale;
  if (paths === undefined) return undefined;
  const at = (object: KubeObject, path: string | undefined): unknown =>
    path === undefined
      ? undefined
      : stepsOf(path).reduce<unknown>((value, step) => (isPlain(value) ? value[step] : undefined), object);
  const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
  return {
    read: (object) => ({
      wanted: count(at(object, paths.specReplicasPath)),
      actual: count(at(object, paths.statusReplicasPath)),
      selector: textOf(at(object, paths.labelSelectorPath)),
    }),
    withReplicas: (object, replicas) => setAt(object as Plain, stepsOf(paths.specReplicasPath), replicas) as KubeObject,
  };
}

function setAt(object: Plain, [step = '', ...rest]: readonly string[], value: unknown): Plain {
  const part = object[step];
  return { ...object, [step]: rest.length === 0 ? value : setAt(isPlain(part) ? part : {}, rest, value) };
}
