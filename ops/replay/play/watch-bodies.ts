import { atRevision, type Obj } from '../../../actors/api-server/object.ts';
import { bookmark, end, type Watch, type WatchCell, watchOf } from '../../../actors/api-server/watch/watch.ts';
import type { Json } from '../../../actors/kernel/contract.ts';
import { withRevision } from '../../../actors/kernel/view/cache.ts';
import { decode, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import type { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';
import type { Candidate } from './store-bodies.ts';

/** What an api-server calls the cells in which it keeps its watches, and how far they were told. */
const WATCH = 'watch.';
const CURSOR = 'cursor';
const INITIAL_END = { 'k8s.io/initial-events-end': 'true' };

/** What an api-server may have told a watch in this turn: an event of an object, a bookmark, its end. */
export function* watchBodies(session: ReplaySession, frame: Frame, inbox: string): Iterable<Candidate> {
  const before = new Map<string, Json | undefined>(frame.cells.map(({ name, before: was }) => [name, was]));
  const watch = watchAt(session, before, inbox);
  if (watch === undefined) return;
  const type = watch.cell.encoding ?? MSGPACK_TYPE;
  for (const body of told(session, frame, watch, before)) yield { body, type };
}

function* told(
  session: ReplaySession,
  frame: Frame,
  watch: Watch,
  before: ReadonlyMap<string, Json | undefined>,
): Iterable<unknown> {
  const { from } = watch.cell;
  const revisions = new Set([session.revision, from, before.get(CURSOR), session.cells()[CURSOR]]);
  for (const revision of revisions) {
    if (typeof revision !== 'number') continue;
    yield* [bookmark(watch, revision), bookmark(watch, revision, INITIAL_END), end(watch, revision)];
  }
  yield* eventHeard(frame, watch);
  yield* eventsOf(session, watch, before.get(CURSOR));
}

/** The watch whose events go to an inbox; it may have begun in this turn, or ended. */
function watchAt(
  session: ReplaySession,
  before: ReadonlyMap<string, Json | undefined>,
  inbox: string,
): Watch | undefined {
  for (const [name, cell] of [...Object.entries(session.cells()), ...before]) {
    if (name.startsWith(WATCH) && isPlain(cell) && cell['inbox'] === inbox)
      return watchOf(name.slice(WATCH.length), cell as unknown as WatchCell);
  }
  return undefined;
}

/** Of everything written since the turn before, and of everything that is there, where a watch begins with it. */
function* eventsOf(session: ReplaySession, watch: Watch, toldUpTo: Json | undefined): Iterable<unknown> {
  const { revision, playable } = session;
  const after = typeof toldUpTo === 'number' ? toldUpTo : watch.cell.from;
  const known = new Map<string, Obj | undefined>();
  for (const { key, revision: written, object } of playable.history.writes(after, revision)) {
    if (!key.startsWith(`${watch.resource}.`) || !watch.covers(key)) continue;
    if (object !== undefined) {
      const presented = watch.present(withRevision(object, written) as Obj);
      yield* [
        { type: 'MODIFIED', object: presented },
        { type: 'ADDED', object: presented },
      ];
    }
    // The view of then is made anew: only where nothing else was told.
    const was = known.has(key) ? known.get(key) : (session.viewAt(after).at(key) as Obj | undefined);
    known.set(key, object as Obj | undefined);
    if (was !== undefined) yield { type: 'DELETED', object: watch.present(atRevision(was, written)) };
  }
  for (const { key, object } of session.view().entries()) {
    if (key.startsWith(`${watch.resource}.`) && watch.covers(key))
      yield { type: 'ADDED', object: watch.present(object as Obj) };
  }
}

/** Events have a bucket of their own, of which no history is kept: what was written is what was heard. */
function* eventHeard({ turn: { rec } }: Frame, watch: Watch): Iterable<unknown> {
  const revision = rec.t === 'call' ? Number(rec.headers['Nats-Sequence']) : Number.NaN;
  if (rec.t !== 'call' || !Number.isSafeInteger(revision) || !(rec.body instanceof Uint8Array)) return;
  const object = decode(rec.body, rec.headers[HEADER.contentType]);
  if (!isPlain(object) || !isPlain(object['metadata'])) return;
  const presented = watch.present(atRevision(object as Obj, revision));
  for (const type of ['ADDED', 'MODIFIED']) yield { type, object: presented };
}
