import type { Observable } from 'rxjs';
import { map } from 'rxjs/operators';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { SCALE } from '../../../contracts/kinds/scale.ts';
import { badRequest } from '../api-errors.ts';
import type { Answer, Context } from '../context.ts';
import { type Obj, withMeta } from '../object.ts';
import type { Request, Target } from '../request.ts';
import { withIdentity } from './object-identity.ts';
import { checkPatchType, parsePatch, patched } from './patch.ts';
import { type Editable, planUpdate, wholeObject } from './plan-update.ts';
import { readModifyWrite } from './read-modify-write.ts';
import { subresourceOf } from './subresources.ts';

/** `update`: replaces the object. If the client names a resourceVersion, only that version is replaced. */
export function update(context: Context, request: Request, body: unknown): Observable<Obj> {
  const editable = editableOf(request);
  const edited = withIdentity(clientTarget(request), body);
  if (request.subresource !== 'scale') checkNamed(request.name, body);
  const plan = planUpdate(request, editable, () => edited);
  const retries = edited.metadata?.resourceVersion ? 0 : context.limits.retries;
  return readModifyWrite(context, request, plan, retries).pipe(map(({ object }) => editable.shown(object)));
}

/** `patch`: edits the current object, and again after a conflict. */
export function patch(context: Context, request: Request): Answer<Obj> {
  const { call } = request;
  const contentType = call.headers[HEADER.contentType];
  checkPatchType(contentType);
  const parsed = parsePatch(call.decode(), contentType);
  const editable = editableOf(request);
  const plan = planUpdate(request, editable, (shown) => {
    const edited = patched(shown, parsed);
    // A resourceVersion is a precondition only if the patch itself sets it.
    const setsVersion = edited.metadata.resourceVersion !== shown.metadata.resourceVersion;
    return withIdentity(clientTarget(request), setsVersion ? edited : withMeta(edited, { resourceVersion: undefined }));
  });
  const written = readModifyWrite(context, request, plan, context.limits.retries);
  return written.pipe(map(({ object }) => editable.shown(object)));
}

const editableOf = (request: Request): Editable =>
  request.subresource === '' ? wholeObject(request) : subresourceOf(request);

/** The target with the kind of the client's object: for the subresource `scale` that is Scale. */
const clientTarget = (request: Request): Target =>
  request.subresource === 'scale'
    ? {
        ...request,
        kind: { ...request.kind, kind: SCALE.kind },
        version: { ...request.version, apiVersion: SCALE.apiVersion },
      }
    : request;

/** As in Kubernetes, an update must name its object: an empty or partial body would otherwise empty the object. */
function checkNamed(name: string, body: unknown): void {
  const metadata = isPlain(body) ? body['metadata'] : undefined;
  if (isPlain(metadata) && (metadata['name'] ?? '') !== '') return;
  throw badRequest(
    `metadata.name is missing: an update replaces the whole object, so send all of it with metadata.name: ${name}; to change a part, send a patch`,
  );
}
