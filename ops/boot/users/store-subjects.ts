import { bucketNames, keySubject, streamOf } from '../../../contracts/store/buckets.ts';
import { EPOCHS, storeKey } from '../../../contracts/store/keys.ts';
import { below } from '../../../contracts/subjects/family.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { token } from '../../../contracts/subjects/token.ts';
import type { Declared } from './declared-subjects.ts';

/** Requests that read a stream as a bucket: gets, watches and histories. None changes or deletes what is stored. */
const readingStream = (stream: string): readonly string[] => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}.>`,
  `$JS.API.CONSUMER.CREATE.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}.>`,
  `$JS.API.CONSUMER.INFO.${stream}.*`,
  `$JS.API.CONSUMER.NAMES.${stream}`,
  `$JS.API.CONSUMER.LIST.${stream}`,
  `$JS.API.CONSUMER.DELETE.${stream}.*`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
  `$JS.FC.${stream}.>`,
];
const LISTING_STREAMS = ['$JS.API.INFO', '$JS.API.STREAM.NAMES', '$JS.API.STREAM.LIST'];

function streamsOf(prefix: string) {
  const names = bucketNames(prefix);
  const buckets = [names.objects, names.events, names.leases];
  return { buckets, streams: [...buckets.map(streamOf), names.history, names.checkpoints, names.journal] };
}

/** Reads every stream and bucket of the cluster, writes none. */
export const readingStore = (prefix: string): readonly string[] => [
  ...LISTING_STREAMS,
  ...streamsOf(prefix).streams.flatMap(readingStream),
];

/** The store driver: creates its streams, reads and writes them. It may neither purge nor delete a bucket. */
export function writingStore(prefix: string): readonly string[] {
  const { buckets, streams } = streamsOf(prefix);
  const names = bucketNames(prefix);
  return [
    ...readingStore(prefix),
    ...streams.flatMap((stream) => [`$JS.API.STREAM.CREATE.${stream}`, `$JS.API.STREAM.UPDATE.${stream}`]),
    ...[names.history, names.checkpoints, names.journal].map((stream) => `$JS.API.STREAM.PURGE.${stream}`),
    ...buckets.map((bucket) => keySubject(bucket, '>')),
    SUBJECTS.checkpoints.pattern(prefix),
    SUBJECTS.journal.pattern(prefix),
  ];
}

/** What actors outside a master need of the store: the objects where one of them watches, the lease and epoch of each singleton. */
export function viewingStore(prefix: string, declared: readonly Declared[]) {
  const { objects, leases } = bucketNames(prefix);
  const single = declared.filter(({ singleton }) => singleton === true).map(({ name }) => name);
  const watches = declared.some(({ hears }) => Object.values(hears).some(({ hear }) => hear === 'watch'));
  if (single.length === 0 && !watches) return { publish: [], subscribe: [] };
  return {
    publish: [
      ...readingStream(streamOf(objects)),
      ...(single.length === 0 ? [] : readingStream(streamOf(leases))),
      ...single.flatMap((actor) => [
        keySubject(leases, token(actor)),
        keySubject(objects, storeKey(EPOCHS, undefined, actor)),
      ]),
    ],
    subscribe: [below(SUBJECTS.changes, prefix)],
  };
}

/** Resources that reach a node only with the pods that are bound to it. */
const NEVER_VIEWED: ReadonlySet<string> = new Set(['secrets', 'configmaps', 'pods', '*']);

/**
 * What the view of a node needs, which reads no stream: the lists of what its actors watch, and their changes.
 * @throws RangeError for a resource that nodes must not see as a whole
 */
export function scopedView(prefix: string, user: string, declared: readonly Declared[]) {
  const watched = declared.flatMap(({ name, hears }) =>
    Object.values(hears).flatMap((heard) => (heard.hear === 'watch' ? [{ name, resource: heard.resource }] : [])),
  );
  const forbidden = watched.find(({ resource }) => NEVER_VIEWED.has(resource));
  if (forbidden !== undefined)
    throw new RangeError(
      `${forbidden.name} watches ${forbidden.resource}: an actor of a node gets these with the node's pods, from the dispatcher`,
    );
  return {
    publish: watched.map(({ resource }) =>
      SUBJECTS.api.subject(prefix, { caller: user, verb: 'list', resource, namespace: '', name: '' }),
    ),
    subscribe: watched.map(({ resource }) => SUBJECTS.changes.pattern(prefix, { resource })),
  };
}
