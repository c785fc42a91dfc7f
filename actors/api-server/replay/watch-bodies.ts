import { decode, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { kindsIn } from '../../../contracts/kinds/registry.ts';
import type { Json } from '../../kernel/contract.ts';
import type { PossibleBody, TurnInReplay } from '../../kernel/replay-knowledge.ts';
import { withRevision } from '../../kernel/view/cache.ts';
import { atRevision, type Obj } from '../object.ts';
import { bookmark, end, type Watch, type WatchCell, watchOf } from '../watch/watch.ts';

/** Names of the cells that hold the watches, and the revision up to which their events were sent. */
const WATCH = 'watch.';
const CURSOR = 'cursor';
const INITIAL_END = { 'k8s.io/initial-events-end': 'true' };

/** Possible messages to a watch in this turn: an event of an object, a bookmark, or the end of the watch. */
export function* watchBodies(replayed: TurnInReplay, inbox: string): Iterable<PossibleBody> {
  const watch = watchAt(replayed, inbox);
  if (watch === undefined) return;
  const type = watch.cell.encoding ?? MSGPACK_TYPE;
  for (const body of messages(replayed, watch)) yield { body, type };
}

function* messages(replayed: TurnInReplay, watch: Watch): Iterable<unknown> {
  const { from } = watch.cell;
  const cursor = replayed.cellsBefore.get(CURSOR);
  const revisions = new Set([replayed.view().revision, from, cursor, replayed.cells()[CURSOR]]);
  for (const revision of revisions) {
    if (typeof revision !== 'number') continue;
    yield* [bookmark(watch, revision), bookmark(watch, revision, INITIAL_END), end(watch, revision)];
  }
  yield* eventHeard(replayed, watch);
  yield* eventsOf(replayed, watch, cursor);
}

/** The watch that sends its events to an inbox. It may have begun or ended in this turn. */
function watchAt({ cells, cellsBefore, view }: TurnInReplay, inbox: string): Watch | undefined {
  for (const [name, cell] of [...Object.entries(cells()), ...cellsBefore]) {
    if (name.startsWith(WATCH) && isPlain(cell) && cell['inbox'] === inbox)
      return watchOf(kindsIn(view()), name.slice(WATCH.length), cell as unknown as WatchCell);
  }
  return undefined;
}

/** Events of everything written since the last turn, and of every object, with which a watch may begin. */
function* eventsOf(replayed: TurnInReplay, watch: Watch, sentUpTo: Json | undefined): Iterable<unknown> {
  const view = replayed.view();
  const after = typeof sentUpTo === 'number' ? sentUpTo : watch.cell.from;
  const known = new Map<string, Obj | undefined>();
  for (const { key, revision: written, object } of replayed.history.writes(after, view.revision)) {
    if (!key.startsWith(`${watch.resource}.`) || !watch.covers(key)) continue;
    if (object !== undefined) {
      const presented = watch.present(withRevision(object, written) as Obj);
      yield* [
        { type: 'MODIFIED', object: presented },
        { type: 'ADDED', object: presented },
      ];
    }
    // Rebuilding an older view is expensive: only for the first write to a key.
    const was = known.has(key) ? known.get(key) : (replayed.viewAt(after).at(key) as Obj | undefined);
    known.set(key, object as Obj | undefined);
    if (was !== undefined) yield { type: 'DELETED', object: watch.present(atRevision(was, written)) };
  }
  for (const { key, object } of view.entries()) {
    if (key.startsWith(`${watch.resource}.`) && watch.covers(key))
      yield { type: 'ADDED', object: watch.present(object as Obj) };
  }
}

/** Events are in a bucket without history, so the message that the turn heard is the only source. */
function* eventHeard({ turn: { rec } }: TurnInReplay, watch: Watch): Iterable<unknown> {
  const revision = rec.t === 'call' ? Number(rec.headers['Nats-Sequence']) : Number.NaN;
  if (rec.t !== 'call' || !Number.isSafeInteger(revision) || !(rec.body instanceof Uint8Array)) return;
  const object = decode(rec.body, rec.headers[HEADER.contentType]);
  if (!isPlain(object) || !isPlain(object['metadata'])) return;
  const presented = watch.present(atRevision(object as Obj, revision));
  for (const type of ['ADDED', 'MODIFIED']) yield { type, object: presented };
}
