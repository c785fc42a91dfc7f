import { failure, type Status, type StatusCause } from '../errors/status.ts';
import { sameJson } from '../hash/stable-hash.ts';
import { isPlain, type Plain } from '../json-values.ts';
import type { Kind, KindVersion } from './kind.ts';
import type { KubeObject, ObjectMeta } from './kinds.ts';
import { Findings } from './validation-findings.ts';

/** System fields of a new object. */
export interface Stamp {
  readonly uid: string;
  /** RFC 3339. */
  readonly creationTimestamp: string;
  /** Five characters to append to `generateName`. */
  readonly nameSuffix?: string;
}
export interface AdmitOptions<T = KubeObject> {
  /** `status`: an update of the status only; the rest of `old` is kept. */
  readonly operation: 'create' | 'update' | 'status';
  /** The stored object; required except for `create`. */
  readonly old?: T;
  /** Used for `create` only. */
  readonly stamp?: Stamp;
}
export type Admitted<T = KubeObject> =
  | { readonly object: T; readonly status?: undefined }
  | { readonly status: Status; readonly object?: undefined };

/** A refusal as the result of a step below. */
class Refused {
  readonly status: Status;
  constructor(status: Status) {
    this.status = status;
  }
}
const badRequest = (message: string): Refused => new Refused(failure('BadRequest', message));

/** The refusal `Deployment.apps "web" is invalid: …` in Kubernetes' words. */
export function invalid(kind: Pick<Kind, 'kind' | 'group'>, name: string, causes: readonly StatusCause[]): Status {
  const lines = causes.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const details = { name, kind: kind.kind, ...(kind.group === '' ? {} : { group: kind.group }), causes };
  return failure('Invalid', `${qualified} "${name}" is invalid: ${text}`, details);
}

/** Checks the fields of an object of a kind, in the version of its `apiVersion` (default: the storage version). */
export function checkFields(kind: Pick<Kind, 'versions' | 'schema'>, object: unknown): StatusCause[] {
  const named = isPlain(object) ? object.apiVersion : undefined;
  const version = kind.versions.find(({ apiVersion }) => apiVersion === named);
  return (version ?? kind).schema.check(object);
}

/** The version of the input's `apiVersion`. */
function versionOf<T>(kind: Kind<T>, input: Plain): KindVersion<T> | Refused {
  const { apiVersion = kind.storageVersion, kind: said = kind.kind } = input;
  if (said !== kind.kind) {
    return badRequest(
      `the kind in the data (${String(said)}) does not match ${kind.resource}; send kind: ${kind.kind}`,
    );
  }
  const version = kind.versions.find((one) => one.served && one.apiVersion === apiVersion);
  if (version !== undefined) return version;
  const served = kind.versions.filter((one) => one.served).map((one) => one.apiVersion);
  return badRequest(
    `the API version in the data (${String(apiVersion)}) is not served for ${kind.kind}; send apiVersion: ${served.join(' or ')}`,
  );
}

/** A copy of the input as an object of its version, or a refusal. */
function read<T>(kind: Kind<T>, version: KindVersion<T>, input: Plain): KubeObject | Refused {
  const causes = version.schema.check(input);
  if (causes.length === 0) return version.schema.copy(input) as KubeObject;
  const name: unknown = isPlain(input.metadata) ? (input.metadata.name ?? input.metadata.generateName) : '';
  return new Refused(invalid(kind, typeof name === 'string' ? name : '', causes));
}

/** Kubernetes' limit for the fixed part of a generated name. */
const GENERATE_MAX = 58;

function stamped(meta: ObjectMeta, { uid, creationTimestamp, nameSuffix }: Stamp): void {
  if (!meta.name && meta.generateName && nameSuffix !== undefined) {
    meta.name = `${meta.generateName.slice(0, GENERATE_MAX)}${nameSuffix}`;
  }
  meta.uid = uid;
  meta.creationTimestamp = creationTimestamp;
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
}

const KEPT = ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const;

/** Restores system fields that a client may omit from an update. */
function keepIdentity(meta: ObjectMeta, old: ObjectMeta): void {
  for (const field of KEPT) {
    const before = old[field];
    if (before !== undefined && (meta[field] === undefined || field === 'generation'))
      Object.assign(meta, { [field]: before });
  }
}

/** The old object with the new object's status and resourceVersion. */
function withStatus<T extends KubeObject>(object: T, old: T): T {
  const { status } = object as { status?: unknown };
  const { resourceVersion } = object.metadata ?? {};
  const metadata = { ...old.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return { ...old, metadata, ...(status === undefined ? {} : { status }) };
}

function prepare<T extends KubeObject>(kind: Kind<T>, object: T, { operation, old }: AdmitOptions<T>): T {
  if (operation === 'create') kind.prepareForCreate(object);
  else if (old !== undefined && operation === 'update') kind.prepareForUpdate(object, old);
  else if (old !== undefined) {
    const next = withStatus(object, old);
    kind.prepareForStatus(next, old);
    return next;
  }
  return object;
}

function checkVersion<T>(version: KindVersion<T>, object: KubeObject, operation: 'create' | 'update'): StatusCause[] {
  if (version.check === undefined) return [];
  const findings = new Findings();
  version.check(object, findings, operation);
  return findings.causes;
}

/** The findings that refuse this request. An older release may have accepted objects that are refused today. */
function toAnswerFor<T extends KubeObject>(
  kind: Kind<T>,
  causes: readonly StatusCause[],
  next: T,
  { operation, old }: AdmitOptions<T>,
): readonly StatusCause[] {
  // A status writer cannot correct the spec.
  if (operation === 'status') return causes.filter(({ field }) => !field?.startsWith('spec.'));
  return operation === 'update' && old !== undefined ? newCauses(kind, causes, next, old) : causes;
}

/** `spec.containers[0].image` -> `spec`, `containers` */
const PART = /^([A-Za-z_$][\w$]*)(?:\.([A-Za-z_$][\w$]*))?/;

/** The field of the spec or metadata that a finding is in, as a whole. */
function partOf(object: unknown, field: string): unknown {
  const [, outer = '', inner] = PART.exec(field) ?? [];
  const whole = isPlain(object) ? object[outer] : undefined;
  return inner !== undefined && isPlain(whole) ? whole[inner] : whole;
}

/**
 * The findings without those that the stored object already has in an unchanged field. Otherwise an object that an older
 * release accepted could not be scaled down, nor its finalizers be removed.
 */
function newCauses<T extends KubeObject>(
  kind: Kind<T>,
  causes: readonly StatusCause[],
  next: T,
  old: T,
): readonly StatusCause[] {
  // With the maximum of findings the rest was not checked, and may contain a change to an immutable field.
  if (causes.length >= Findings.max || kind.schema.check(old).length > 0) return causes;
  const before = kind.schema.copy(old as Plain) as T;
  kind.applyDefaults(before);
  const had = new Set(kind.validate(before).map(({ field, message }) => `${field}: ${message}`));
  return causes.filter(
    ({ field, message }) =>
      !(field !== '' && had.has(`${field}: ${message}`) && sameJson(partOf(before, field), partOf(next, field))),
  );
}

/**
 * All steps between a decoded body and the store: checks the fields, copies the input, converts it to the storage version,
 * sets defaults, prepares it for the operation and validates it. Pure; the input and `old` are not changed, and the result
 * shares nothing with the input. `metadata.resourceVersion` is the client's: the caller must compare it.
 * @returns the object to store, or a refusal: BadRequest (not an object, wrong kind or version), Invalid (with causes)
 */
export function admit<T extends KubeObject>(kind: Kind<T>, input: unknown, options: AdmitOptions<T>): Admitted<T> {
  if (!isPlain(input)) {
    const message = `${options.operation} ${kind.resource}: the body is not an object; send a ${kind.kind}`;
    return { status: failure('BadRequest', message) };
  }
  const version = versionOf(kind, input);
  if (version instanceof Refused) return { status: version.status };
  const given = read(kind, version, input);
  if (given instanceof Refused) return { status: given.status };
  const meta: ObjectMeta = (given.metadata ??= {});
  if (options.operation === 'create' && options.stamp !== undefined) stamped(meta, options.stamp);
  if (options.operation !== 'create') keepIdentity(meta, options.old?.metadata ?? {});
  const ofVersion = checkVersion(version, given, options.operation === 'create' ? 'create' : 'update');
  const object = stored(kind, version, given);
  kind.applyDefaults(object);
  const prepared = prepare(kind, object, options);
  const found = [...ofVersion, ...kind.validate(prepared, options.operation === 'create' ? undefined : options.old)];
  const causes = found.length === 0 ? found : toAnswerFor(kind, found, prepared, options);
  if (causes.length === 0) return { object: prepared };
  return { status: invalid(kind, meta.name ?? meta.generateName ?? '', causes) };
}

/** Converts to the storage version, with apiVersion and kind first. */
function stored<T extends KubeObject>(kind: Kind<T>, version: KindVersion<T>, given: KubeObject): T {
  const head = { apiVersion: kind.storageVersion, kind: kind.kind };
  return Object.assign({ ...head }, version.toStorage?.(given) ?? (given as T), head);
}
