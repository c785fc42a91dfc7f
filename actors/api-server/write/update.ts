import type { Observable } from 'rxjs';
import { map } from 'rxjs/operators';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { SCALE } from '../../../contracts/kinds/scale.ts';
import type { Answer, Context } from '../context.ts';
import { type Obj, withMeta } from '../object.ts';
import { badRequest, modified, precondition } from '../refusals.ts';
import { qualified, type Request, type Target } from '../request.ts';
import { presented } from '../served.ts';
import { admittedUpdate } from './admission.ts';
import { checkPatchType, parsePatch, patched } from './patch.ts';
import { placed } from './placed.ts';
import { isFinished } from './plan-delete.ts';
import { subresourceOf } from './subresources.ts';
import { change, type WritePlan } from './write.ts';

/** How a client's object becomes the next version of the stored one. */
export interface Facet {
  /** The stored object as the client sees and edits it. */
  readonly shown: (old: Obj) => Obj;
  /** The next version; refuses by throwing. */
  readonly next: (old: Obj, edited: Obj) => Obj;
}

/** The object itself: all but what belongs to the server and to the status. */
export const whole = (target: Target): Facet => ({
  shown: (old) => presented(target, old),
  next: (old, edited) => admittedUpdate(target.kind, kept(old, edited), old),
});

const facetOf = (request: Request): Facet => (request.subresource === '' ? whole(request) : subresourceOf(request));

/** The target as the client names it: a scale is a Scale, whatever is scaled. */
const seen = (request: Request): Target =>
  request.subresource === 'scale'
    ? {
        ...request,
        kind: { ...request.kind, kind: SCALE.kind },
        version: { ...request.version, apiVersion: SCALE.apiVersion },
      }
    : request;

/** What replaces a whole object says which, as in Kubernetes: an empty body, or a part of one, would empty the object. */
function checkNamed(name: string, body: unknown): void {
  const metadata = isPlain(body) ? body['metadata'] : undefined;
  if (isPlain(metadata) && (metadata['name'] ?? '') !== '') return;
  throw badRequest(
    `the object says no name: an update replaces the whole object, so write metadata.name: ${name}; a patch changes a part`,
  );
}

/** `update`: replaces; with a resourceVersion only that version. */
export function update(context: Context, request: Request, body: unknown): Observable<Obj> {
  const facet = facetOf(request);
  const edited = placed(seen(request), body);
  if (request.subresource !== 'scale') checkNamed(request.name, body);
  const plan = planEdit(request, facet, () => edited);
  const retries = edited.metadata?.resourceVersion ? 0 : context.limits.retries;
  return change(context, request, plan, retries).pipe(map(({ object }) => facet.shown(object)));
}

/** `patch`: edits what is there, again when somebody else wrote first. */
export function patch(context: Context, request: Request): Answer<Obj> {
  const { call } = request;
  const contentType = call.headers[HEADER.contentType];
  checkPatchType(contentType);
  const parsed = parsePatch(call.decode(), contentType);
  const facet = facetOf(request);
  const plan = planEdit(request, facet, (shown) => {
    const edited = patched(shown, parsed);
    // Only a version that the patch itself names is a condition.
    const named = edited.metadata.resourceVersion !== shown.metadata.resourceVersion;
    const free = named ? edited : withMeta(edited, { resourceVersion: undefined });
    return placed(seen(request), free);
  });
  return change(context, request, plan, context.limits.retries).pipe(map(({ object }) => facet.shown(object)));
}

/** @param edit the client's object, from the stored one as the client sees it */
export const planEdit =
  (target: Target, facet: Facet, edit: (shown: Obj) => Obj) =>
  (old: Obj): WritePlan => {
    const edited = edit(facet.shown(old));
    const { resourceVersion, uid } = edited.metadata;
    const name = qualified(target.kind);
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw modified(name, target.name);
    if (uid && uid !== old.metadata.uid) throw precondition(name, target.name, 'UID', uid, old.metadata.uid);
    const next = withMeta(facet.next(old, edited), { resourceVersion: old.metadata.resourceVersion });
    if (isFinished(target.kind.resource, next)) return { type: 'purge', object: next };
    if (sameJson(next, old)) return { type: 'keep' };
    return { type: 'put', object: next };
  };

/** The edited object with the metadata that belongs to the server as it was; what may not be said is refused later. */
function kept(old: Obj, edited: Obj): Obj {
  const { uid, creationTimestamp, deletionTimestamp, generation } = old.metadata;
  return withMeta(edited, {
    uid,
    creationTimestamp,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    generation,
    resourceVersion: undefined,
  });
}
