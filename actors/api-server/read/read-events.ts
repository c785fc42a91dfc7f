import { EMPTY, type Observable } from 'rxjs';
import { expand, map, reduce } from 'rxjs/operators';
import type { Kind } from '../../../contracts/kinds/kind.ts';
import type { KubeList, ListOptions } from '../../../contracts/messages/api.ts';
import { type Key, keyOfObject } from '../../../contracts/store/keys.ts';
import { askStore, type Context } from '../context.ts';
import { jsonSize, type Obj } from '../object.ts';
import type { Target } from '../request.ts';
import { presented } from '../served-kinds.ts';
import { type Continuation, encodeContinue, planPage } from './plan-list.ts';

/*
 * Events are stored in a bucket of their own and are not in the view: they are read from the store, and their
 * resourceVersions are revisions of that bucket.
 */

export const EVENTS = 'events';
export const isEvent = (kind: Kind): boolean => kind.resource === EVENTS;
/** Events per request to the store. */
const BATCH = 500;

interface EventsPage {
  readonly objects: readonly Obj[];
  readonly more: boolean;
  readonly revision: number;
}

export const eventByKey = (context: Context, key: Key): Observable<Obj | undefined> =>
  askStore(context, context.world.say.getEvent({ key })).pipe(map(({ object }) => object as Obj | undefined));

const readPage = (context: Context, namespace: string, after: Key | undefined, limit: number): Observable<EventsPage> =>
  askStore(
    context,
    context.world.say.listEvents({
      ...(namespace === '' ? {} : { namespace }),
      ...(after === undefined ? {} : { after }),
      limit,
    }),
  ) as Observable<EventsPage>;

const lastKey = (objects: readonly Obj[]): Key | undefined => {
  const last = objects.at(-1);
  return last === undefined ? undefined : keyOfObject(EVENTS, last);
};

interface SelectedEvents {
  readonly objects: readonly Obj[];
  /** Revision of the first answer, so that a watch can continue from there. */
  readonly revision: number;
}

/**
 * The events of a namespace (empty: of all) that `choose` accepts. Reads all events batch by batch, and stops once it has
 * more than `max`: the caller rejects such a request.
 */
export function selectEvents(
  context: Context,
  namespace: string,
  choose: (object: Obj) => boolean,
  max: number,
): Observable<SelectedEvents> {
  const objects: Obj[] = [];
  return readPage(context, namespace, undefined, BATCH).pipe(
    expand((page) => {
      objects.push(...page.objects.filter(choose));
      const done = !page.more || page.objects.length === 0 || objects.length > max;
      return done ? EMPTY : readPage(context, namespace, lastKey(page.objects), BATCH);
    }),
    reduce((oldest, { revision }) => Math.min(oldest, revision), Number.POSITIVE_INFINITY),
    map((revision) => ({ objects, revision })),
  );
}

/** One page of events. Each page shows the revision at which it was read: events expire all the time. */
export function listEvents(
  context: Context,
  request: Target,
  options: ListOptions,
  select: (object: Obj) => boolean,
  from: Continuation | undefined,
): Observable<KubeList> {
  const { pageItems, pageBytes } = context.limits;
  const items = Math.min(options.limit || pageItems, pageItems);
  let chosen: readonly Obj[] = [];
  let next: { readonly after: Key; readonly revision: number } | undefined;
  const step = (page: EventsPage): Key | undefined => {
    const bytes = pageBytes - chosen.reduce((sum, object) => sum + jsonSize(object), 0);
    const found = planPage(EVENTS, page.objects, undefined, select, { items: items - chosen.length, bytes });
    chosen = [...chosen, ...found.items];
    const stop = found.last ?? (chosen.length >= items && page.more ? lastKey(page.objects) : undefined);
    if (stop !== undefined) next = { after: stop, revision: page.revision };
    return stop !== undefined || !page.more ? undefined : lastKey(page.objects);
  };
  return readPage(context, request.namespace, from?.after, Math.max(items, 1)).pipe(
    expand((page) => {
      const after = step(page);
      return after === undefined ? EMPTY : readPage(context, request.namespace, after, BATCH);
    }),
    reduce((_, page) => page),
    map(({ revision }) => ({
      apiVersion: request.version.apiVersion,
      kind: `${request.kind.kind}List`,
      metadata: {
        resourceVersion: String(revision),
        ...(next === undefined ? {} : { continue: encodeContinue(next) }),
      },
      items: chosen.map((object) => presented(request, object)),
    })),
  );
}
