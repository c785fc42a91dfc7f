import type { StatusCause } from '../errors/status.ts';
import type { MergeKeyTable } from '../merge/merge-keys.ts';
import { type DefaultTable, defaulter } from './defaults.ts';
import type { CustomResourceColumnDefinition, KubeObject } from './kinds.ts';
import { checkMeta, checkMetaUpdate } from './meta/check-meta.ts';
import { META_MERGE_KEYS } from './meta/merge-keys.ts';
import { META_RULES } from './meta/meta-rules.ts';
import { type ObjectSchema, typedSchema } from './object-schema.ts';
import { type TypeNode, typeNode } from './schema.ts';
import { Findings } from './validation-findings.ts';
import { type RuleTable, ruleChecker } from './validation-rules.ts';

/** A column of the table that `get` prints. */
export interface Column<T = KubeObject> {
  /** Heading, such as `READY`. */
  readonly name: string;
  /** 0 = always; 1 = only with `-o wide`. */
  readonly priority: 0 | 1;
  /** @param nowMillis since the Unix epoch, for ages */
  value(object: T, nowMillis: number): string;
}

/** One apiVersion of a kind. Conversions are pure and return a new object. */
export interface KindVersion<T = KubeObject> {
  /** `v1`, `apps/v1` */
  readonly apiVersion: string;
  readonly served: boolean;
  readonly schema: ObjectSchema;
  /** Absent in the storage version itself. */
  toStorage?(object: KubeObject): T;
  /** How a stored object is shown; absent: as it is. */
  fromStorage?(object: T): KubeObject;
  /** Where they differ from those of the storage version. */
  readonly columns?: readonly Column<T>[];
  /** Of a custom kind: the columns as its definition has them. */
  readonly printerColumns?: readonly CustomResourceColumnDefinition[];
  /** Validation of this version only; the object is in this version. */
  readonly check?: (object: KubeObject, findings: Findings, operation: 'create' | 'update') => void;
}

export type Subresource = 'status' | 'scale' | 'binding' | 'log' | 'exec' | 'portforward';

/** Where an object keeps what its subresource `scale` shows. */
export interface ScaleFields<T = KubeObject> {
  /** The desired and the actual number of replicas, and the selector of the pods as text. */
  read(object: T): { readonly wanted: number; readonly actual: number; readonly selector: string };
  /** A copy of the object with this number of replicas. */
  withReplicas(object: T, replicas: number): T;
}

/** The complete definition of a kind of object. */
export interface Kind<T = KubeObject> {
  /** Plural, as in subjects and store keys; custom kinds include their group: `widgets.example.com`. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly subresources: readonly Subresource[];
  readonly versions: readonly KindVersion<T>[];
  /** The apiVersion of the stored bytes. */
  readonly storageVersion: string;
  /** Of the storage version. */
  readonly schema: ObjectSchema;
  /** The type of the storage version; absent for custom kinds, whose fields are in their definition. */
  readonly type?: TypeNode;
  /** Field selectors besides `metadata.name` and `metadata.namespace`; an absent field reads as ''. */
  readonly selectableFields: Readonly<Record<string, (object: T) => string>>;
  readonly columns: readonly Column<T>[];
  /** Sort key of printed tables (milliseconds since the Unix epoch), the latest last; absent = sorted by name. */
  readonly tableOrder?: (object: T) => number;
  /** Absent when the kind has no subresource `scale`. */
  readonly scale?: ScaleFields<T>;
  /** Its objects hold secret data: they are sealed in the store and in recordings. */
  readonly secret: boolean;
  /** Why no object can be created at present, such as while the definition of the kind is being deleted. */
  readonly closed?: string;
  /** Sets defaults in place; the object must belong to the caller. */
  applyDefaults(object: T): void;
  /** Completes a new object in place: sets the initial status and other fields that clients may not set. */
  prepareForCreate(object: T): void;
  /** Completes an update of `old` in place: restores fields that clients may not change, raises `metadata.generation`. */
  prepareForUpdate(object: T, old: T): void;
  /** Completes an update of the status in place; all other fields are already those of `old`. */
  prepareForStatus(object: T, old: T): void;
  /** Validation errors in Kubernetes' words; `[]` = valid. The object must fit its type. @param old given for an update */
  validate(object: T, old?: T): StatusCause[];
}

/** The part of a kind's definition that its own folder provides; `defineKind` adds the rest. */
export interface KindSource<T extends KubeObject> {
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly subresources?: readonly Subresource[];
  /** The storage version. */
  readonly apiVersion: string;
  /** Fields of the storage version; default: the generated type with the kind's name. */
  readonly type?: TypeNode;
  /** Further served versions. */
  readonly otherVersions?: readonly (Omit<KindVersion<T>, 'schema'> & { readonly type: TypeNode })[];
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  readonly columns: readonly Column<T>[];
  readonly tableOrder?: (object: T) => number;
  readonly defaults?: DefaultTable;
  readonly mergeKeys?: MergeKeyTable;
  readonly scale?: ScaleFields<T>;
  readonly secret?: boolean;
  readonly rules?: RuleTable;
  /** Syntax of `metadata.name`. */
  readonly nameFormat: (name: string) => readonly string[];
  readonly prepareForCreate?: (object: T) => void;
  readonly prepareForUpdate?: (object: T, old: T) => void;
  readonly prepareForStatus?: (object: T, old: T) => void;
  readonly checkCreate?: (object: T, findings: Findings) => void;
  readonly checkUpdate?: (object: T, old: T, findings: Findings) => void;
}

/** Checks name and namespace. */
export function checkIdentity(
  source: Pick<KindSource<KubeObject>, 'namespaced' | 'nameFormat'>,
  object: KubeObject,
  findings: Findings,
): void {
  const { name = '', namespace = '' } = object.metadata ?? {};
  findings.enter('metadata');
  if (name === '') findings.required('name', 'name or generateName is required');
  else for (const detail of source.nameFormat(name)) findings.invalid('name', name, detail);
  if (source.namespaced && namespace === '') findings.required('namespace');
  if (!source.namespaced && namespace !== '') findings.forbidden('namespace', 'not allowed on this type');
  findings.leave();
}

/** Makes a kind from the definition in its folder. */
export function defineKind<T extends KubeObject>(source: KindSource<T>): Kind<T> {
  const type = source.type ?? typeNode(source.kind);
  const mergeKeys = { ...META_MERGE_KEYS, ...source.mergeKeys };
  const schema = typedSchema(type, mergeKeys);
  const check = ruleChecker(type, { ...META_RULES, ...source.rules });
  return {
    resource: source.resource,
    singular: source.singular,
    kind: source.kind,
    group: groupOf(source.apiVersion),
    shortNames: source.shortNames ?? [],
    categories: source.categories ?? [],
    namespaced: source.namespaced,
    subresources: source.subresources ?? [],
    versions: [
      { apiVersion: source.apiVersion, served: true, schema },
      ...(source.otherVersions ?? []).map(({ type: other, ...version }) => ({
        ...version,
        schema: typedSchema(other, mergeKeys),
      })),
    ],
    storageVersion: source.apiVersion,
    schema,
    type,
    secret: source.secret ?? false,
    selectableFields: source.selectableFields ?? {},
    columns: source.columns,
    ...(source.tableOrder === undefined ? {} : { tableOrder: source.tableOrder }),
    ...(source.scale === undefined ? {} : { scale: source.scale }),
    applyDefaults: defaulter(type, source.defaults ?? {}),
    prepareForCreate: source.prepareForCreate ?? (() => undefined),
    prepareForUpdate: source.prepareForUpdate ?? (() => undefined),
    prepareForStatus: source.prepareForStatus ?? (() => undefined),
    validate: (object, old) => {
      const findings = new Findings();
      checkIdentity(source as unknown as KindSource<KubeObject>, object, findings);
      check(object, findings);
      checkMeta(object.metadata ?? {}, findings);
      if (old === undefined) source.checkCreate?.(object, findings);
      else {
        checkMetaUpdate(object.metadata ?? {}, old.metadata ?? {}, findings);
        source.checkUpdate?.(object, old, findings);
      }
      return findings.causes;
    },
  };
}

/** `apps/v1` -> `apps`, `v1` -> `` */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
