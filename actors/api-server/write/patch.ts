import type { Operation } from 'rfc6902';
import { statusError } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { mergePatch } from '../../../contracts/merge/merge-patch.ts';
import { quotable } from '../../../contracts/printable.ts';
import { badRequest } from '../api-errors.ts';
import type { Obj } from '../object.ts';
import { jsonPatched } from './json-patch.ts';

type Patch =
  | { readonly type: 'merge'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly type: 'json'; readonly operations: readonly Operation[] };

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const SERVER_SIDE = 'application/apply-patch+yaml';
/** As in Kubernetes. */
const OPERATIONS_MAX = 10_000;
const OPS = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/** Rejects unsupported patch types. To be called before the body is decoded. @throws StatusError UnsupportedMediaType */
export function checkPatchType(contentType: string | undefined): void {
  const type = plain(contentType);
  if (type === STRATEGIC) {
    throw unsupported(
      `"${STRATEGIC}" is not supported; send a JSON merge patch (${MERGE_PATCH}) or a JSON patch (${JSON_PATCH})`,
    );
  }
  if (type === SERVER_SIDE) {
    throw unsupported(
      `"${SERVER_SIDE}" is not supported; use the verb apply, or send a JSON merge patch (${MERGE_PATCH})`,
    );
  }
}

/**
 * Parses a patch. Without a content type of a patch, a list is a JSON patch and an object a merge patch.
 * @throws StatusError BadRequest
 */
export function parsePatch(body: unknown, contentType: string | undefined): Patch {
  const type = plain(contentType);
  if (type === JSON_PATCH || (type !== MERGE_PATCH && Array.isArray(body))) return jsonPatch(body);
  if (!isPlain(body)) throw badRequest('patch: the body must be an object (JSON merge patch) or a list (JSON patch)');
  return { type: 'merge', body };
}

/** A copy of the object with the patch applied. @throws StatusError BadRequest, Invalid, RequestEntityTooLarge */
export function patched(object: Obj, patch: Patch): Obj {
  const result = patch.type === 'merge' ? mergePatch(object, patch.body) : jsonPatched(object, patch.operations);
  if (!isPlain(result) || !isPlain(result['metadata'])) {
    throw badRequest(
      'patch: the result is not an object with metadata; a patch may not replace or remove the metadata',
    );
  }
  return result as Obj;
}

function jsonPatch(body: unknown): Patch {
  if (!Array.isArray(body))
    throw badRequest(
      'patch: a JSON patch is a list of operations: [{"op": "replace", "path": "/spec/replicas", "value": 3}]',
    );
  if (body.length > OPERATIONS_MAX) {
    throw statusError('RequestEntityTooLarge', `patch: ${body.length} operations; the limit is ${OPERATIONS_MAX}`);
  }
  return { type: 'json', operations: body.map(checkOperation) };
}

function checkOperation(operation: unknown, at: number): Operation {
  const fault = (finding: string) => badRequest(`patch operation ${at}: ${finding}`);
  if (!isPlain(operation)) throw fault('must be an object with "op" and "path"');
  const { op, path, from } = operation;
  if (typeof op !== 'string' || !OPS.includes(op))
    throw fault(`unknown "op" ${quotable(String(JSON.stringify(op)))}; use one of ${OPS.join(', ')}`);
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/')))
    throw fault('"path" must be a JSON pointer: "/spec/replicas"');
  if ((op === 'move' || op === 'copy') && (typeof from !== 'string' || (from !== '' && !from.startsWith('/')))) {
    throw fault(`"${op}" needs "from", a JSON pointer`);
  }
  if ((op === 'add' || op === 'replace' || op === 'test') && !('value' in operation))
    throw fault(`"${op}" needs "value"`);
  if (`${path}${typeof from === 'string' ? from : ''}`.includes('__proto__'))
    throw fault('"path" may not lead through __proto__');
  if (path === '' && op !== 'test') throw fault('"path" may not be the whole object');
  return operation as unknown as Operation;
}

const plain = (contentType: string | undefined): string | undefined =>
  contentType?.split(';', 1)[0]?.trim().toLowerCase();
const unsupported = (message: string) => statusError('UnsupportedMediaType', `patch: ${message}`);
