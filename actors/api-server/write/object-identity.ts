import { isPlain, type Plain } from '../../../contracts/json-values.ts';
import { badRequest } from '../api-errors.ts';
import type { Obj } from '../object.ts';
import type { Target } from '../request.ts';

/**
 * The client's object with its apiVersion, kind, name and namespace, which default to those of the request.
 * @throws StatusError BadRequest when object and request disagree
 */
export function withIdentity({ kind, version, namespace, name }: Target, body: unknown): Obj {
  if (body === undefined || body === null) throw badRequest(`the body is empty; send a ${kind.kind} object`);
  if (!isPlain(body)) throw badRequest(`the body must be a ${kind.kind} object`);
  const metadata = body['metadata'] ?? {};
  if (!isPlain(metadata)) throw badRequest('metadata must be an object');
  checkKind(kind.kind, version.apiVersion, body);
  const found = identityIn(metadata);
  if (namespace !== '' && found.namespace !== '' && found.namespace !== namespace) {
    throw badRequest(
      `the namespace of the provided object does not match the namespace sent on the request (${found.namespace} is not ${namespace})`,
    );
  }
  if (name !== '' && found.name !== '' && found.name !== name) {
    throw badRequest(`the name of the object (${found.name}) does not match the name on the request (${name})`);
  }
  const place = found.namespace || namespace;
  if (kind.namespaced && place === '') {
    throw badRequest(
      `${kind.kind} objects are namespaced; set metadata.namespace, or name the namespace in the subject`,
    );
  }
  const named = found.name || name;
  return {
    ...body,
    apiVersion: version.apiVersion,
    kind: kind.kind,
    metadata: {
      ...metadata,
      ...(named === '' ? {} : { name: named }),
      ...(kind.namespaced ? { namespace: place } : {}),
    },
  };
}

/** Namespace and name of the object; empty = not set. */
function identityIn(metadata: Plain): { readonly namespace: string; readonly name: string } {
  for (const field of ['uid', 'resourceVersion']) textIn(metadata, field);
  return { namespace: textIn(metadata, 'namespace'), name: textIn(metadata, 'name') };
}

function textIn(metadata: Plain, field: string): string {
  const value = metadata[field] ?? '';
  if (typeof value !== 'string') throw badRequest(`metadata.${field} must be a string`);
  return value;
}

function checkKind(kind: string, apiVersion: string, body: Readonly<Record<string, unknown>>): void {
  const found = { apiVersion: body['apiVersion'], kind: body['kind'] };
  if (found.kind !== undefined && found.kind !== kind) {
    throw badRequest(
      `the object's kind is ${JSON.stringify(found.kind)}, but the subject's resource holds ${kind} objects`,
    );
  }
  if (found.apiVersion !== undefined && found.apiVersion !== apiVersion) {
    throw badRequest(
      `the object's apiVersion is ${JSON.stringify(found.apiVersion)}, but the subject's resource is of ${apiVersion}`,
    );
  }
}
