import type { ContentType } from '../../../contracts/codec/codec.ts';
import { failure, type Status } from '../../../contracts/errors/status.ts';
import { HEADER, type Headers } from '../../../contracts/headers.ts';
import type { KindRegistry } from '../../../contracts/kinds/registry.ts';
import type { WatchEvent, WatchMark } from '../../../contracts/messages/api.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { token } from '../../../contracts/subjects/token.ts';
import type { Obj } from '../object.ts';
import { selection } from '../read/selectors.ts';
import { presentedAs, type Served } from '../served-kinds.ts';
import { type ObjectEvent, planEvent, type Transition } from './plan-watch.ts';

/** What a watch is; kept in a cell, so that it outlives a crash. */
export type WatchCell = {
  /** The user that reads; it alone may acknowledge. */
  readonly caller: string;
  readonly inbox: string;
  /** As the client named it. */
  readonly resource: string;
  /** Empty: all. */
  readonly namespace: string;
  readonly name: string;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** What is not newer than this was told when the watch began. */
  readonly from: number;
  /** Milliseconds since the Unix epoch. */
  readonly endsAt: number;
  /** Of the question, in which everything is told; absent: MessagePack. */
  readonly encoding?: ContentType;
};

/** What messages of a watch carry to be told in the encoding of its question. */
export const encodedFor = ({ encoding }: WatchCell): Headers | undefined =>
  encoding === undefined ? undefined : { [HEADER.contentType]: encoding };

/** A watch in use. */
export interface Watch {
  readonly id: string;
  readonly cell: WatchCell;
  readonly served: Served | undefined;
  /** Escaped resource of the keys that it covers. */
  readonly resource: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** Is this store key of the collection or object that is watched? */
  readonly covers: (key: string) => boolean;
  /** What it tells of a change. */
  readonly tells: (change: Transition) => ObjectEvent | undefined;
  readonly present: (object: Obj) => Obj;
}

/** A watch of a kind that is not served (any more) covers nothing; `Watches` ends it. */
export function watchOf(kinds: KindRegistry, id: string, cell: WatchCell): Watch {
  const served = kinds.named(cell.resource);
  if (served === undefined) return { ...NO_KIND, id, cell };
  const { kind, version } = served;
  const selects = selection(kind, cell);
  const present = (object: Obj): Obj => presentedAs(version, object);
  return {
    id,
    cell,
    served,
    resource: token(kind.resource),
    apiVersion: version.apiVersion,
    kind: kind.kind,
    covers: covering(kind.resource, cell),
    tells: (change) => {
      const event = planEvent(change, selects);
      return event === undefined ? undefined : ({ type: event.type, object: present(event.object) } as ObjectEvent);
    },
    present,
  };
}

const NO_KIND: Omit<Watch, 'id' | 'cell'> = {
  served: undefined,
  resource: '',
  apiVersion: 'v1',
  kind: '',
  covers: () => false,
  tells: () => undefined,
  present: (object) => object,
};

/** Is it still the same definition that the watch began with? */
export const isCurrent = (kinds: KindRegistry, { cell, served }: Watch): boolean =>
  served !== undefined && kinds.named(cell.resource)?.kind === served.kind;

function covering(resource: string, { namespace, name }: WatchCell): (key: string) => boolean {
  if (name !== '') {
    const only = storeKey(resource, namespace, name);
    return (key) => key === only;
  }
  if (namespace === '') return () => true;
  const prefix = `${token(resource)}.${token(namespace)}.`;
  return (key) => key.startsWith(prefix);
}

/* What a watch says besides its events. */

const mark = (
  { apiVersion, kind }: Watch,
  revision: number,
  annotations?: Readonly<Record<string, string>>,
): WatchMark => ({
  apiVersion,
  kind,
  metadata: { resourceVersion: String(revision), ...(annotations === undefined ? {} : { annotations }) },
});

export const bookmark = (
  watch: Watch,
  revision: number,
  annotations?: Readonly<Record<string, string>>,
): WatchEvent<Obj> => ({
  type: 'BOOKMARK',
  object: mark(watch, revision, annotations),
});
export const end = (watch: Watch, revision: number): WatchEvent<Obj> => ({
  type: 'END',
  object: mark(watch, revision),
});
export const expired = (finding: string): WatchEvent<Obj> => ({ type: 'ERROR', object: expiredStatus(finding) });

const expiredStatus = (finding: string): Status =>
  failure('Expired', `watch: ${finding}; list again and watch from there`);
