import { bucketNames, keySubject, streamOf } from '../../contracts/store/buckets.ts';
import { EVENT_TTL_MS, HISTORY_PER_KEY, LEASE_TTL_MS } from '../../contracts/store/limits.ts';
import { below } from '../../contracts/subjects/family.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { KEEP, type Keep } from './plan-retention.ts';

/** Version of the stored data; raised whenever older code could not read it. */
export const DATA_VERSION = 1;
/** Metadata key of the data version, in the objects' stream. */
export const DATA_VERSION_NAME = 'io.troupe.data-version';

export interface AssetOptions {
  /** The cluster's subject prefix. */
  readonly prefix: string;
  /** Copies of each stream. Default: unchanged; for a new stream 3 on a NATS cluster with three servers, else 1. */
  readonly replicas?: number | undefined;
  readonly leaseTtlMs?: number;
  /** Limits of what can be replayed; default 7 days and 4 GiB. */
  readonly keep?: Partial<Keep> | undefined;
}

/** A stream with its settings as in JetStream's API; times in nanoseconds. Absent settings have the server's default. */
export interface StreamPlan {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const nanos = (ms: number): number => ms * 1_000_000;

/** Settings that several streams share. */
function sharedSettings(replicas: number | undefined) {
  const base = {
    storage: 'file',
    retention: 'limits',
    discard: 'old',
    ...(replicas === undefined ? {} : { num_replicas: replicas }),
  };
  const kept = { ...base, compression: 's2', allow_direct: true, deny_delete: true };
  const bucket = (name: string) => ({
    ...base,
    subjects: [keySubject(name, '>')],
    discard: 'new',
    allow_rollup_hdrs: true,
    deny_delete: true,
    deny_purge: false,
    allow_direct: true,
  });
  const expiring = (name: string, ttlMs: number) => ({
    ...bucket(name),
    max_msgs_per_subject: 1,
    max_age: nanos(ttlMs),
    duplicate_window: nanos(Math.min(ttlMs, 120_000)),
  });
  return { kept, bucket, expiring };
}

/** Every stream of a cluster, in the order in which they must be created. */
export function planAssets(options: AssetOptions): readonly StreamPlan[] {
  const names = bucketNames(options.prefix);
  const keep: Keep = { ...KEEP, ...options.keep };
  const { kept, bucket, expiring } = sharedSettings(options.replicas);
  const plan = (name: string, description: string, config: StreamPlan['config']): StreamPlan => ({
    name,
    config: { description, ...config },
  });
  return [
    plan(streamOf(names.objects), 'Every object of the cluster; written by api-servers alone', {
      ...bucket(names.objects),
      // With direct gets allowed, the server lets the stream's mirrors answer them too, and the mirror drops old objects.
      allow_direct: false,
      max_msgs_per_subject: HISTORY_PER_KEY,
      allow_msg_ttl: true,
      republish: { src: keySubject(names.objects, '>'), dest: below(SUBJECTS.changes, options.prefix) },
      metadata: { [DATA_VERSION_NAME]: String(DATA_VERSION) },
    }),
    plan(names.history, "Full history of the objects, same sequences; dropped only with the journal's tail", {
      ...kept,
      mirror: { name: streamOf(names.objects) },
      deny_purge: false,
    }),
    plan(streamOf(names.events), 'Events; they expire', {
      ...expiring(names.events, EVENT_TTL_MS),
      republish: { src: keySubject(names.events, 'events.>'), dest: below(SUBJECTS.events, options.prefix) },
    }),
    plan(
      streamOf(names.leases),
      'Leases of singletons; they expire',
      expiring(names.leases, options.leaseTtlMs ?? LEASE_TTL_MS),
    ),
    plan(names.checkpoints, 'All live objects at a revision, in chunks; where replay and --at start from', {
      ...kept,
      subjects: [SUBJECTS.checkpoints.pattern(options.prefix)],
      deny_purge: false,
    }),
    plan(names.journal, 'What every actor heard and said, in the order it did', {
      ...kept,
      subjects: [below(SUBJECTS.journal, options.prefix)],
      // A node writes here. An acknowledgement would go to any subject that it names, the buckets' included.
      no_ack: true,
      republish: {
        src: below(SUBJECTS.journal, options.prefix),
        dest: below(SUBJECTS.journaled, options.prefix),
        headers_only: true,
      },
      // Limits of journal, history and checkpoints together; `retention.ts` drops from the other two what no kept record needs.
      max_age: nanos(keep.maxAgeMs),
      max_bytes: keep.maxBytes,
    }),
  ];
}

const BYTES_MIN = 16 * 2 ** 20;

/** The settings, then the same with ever smaller maximum sizes, if they have one. */
export function* planSizes(config: StreamPlan['config']): Generator<StreamPlan['config']> {
  yield config;
  const { max_bytes: bytes } = config;
  if (typeof bytes !== 'number') return;
  for (let smaller = bytes / 4; smaller >= BYTES_MIN; smaller /= 4) yield { ...config, max_bytes: Math.floor(smaller) };
}

/** The server's error for a stream that it does not create, update or show. */
export interface AssetFault {
  readonly name: string;
  readonly message: string;
  /** JetStream's own code, such as 10118. */
  readonly code?: number | undefined;
}

const NO_PEERS = 10005;
const NOT_CLUSTERED = 10074;
const STORAGE_EXCEEDED = 10047;
/** Cluster incomplete, not available, not the leader, stream offline, stream servers temporarily unavailable. */
const TEMPORARY: readonly number[] = [10004, 10008, 10009, 10118, 10163];
/** No answer yet, or the connection was lost. */
const TEMPORARY_NAMES: readonly string[] = ['TimeoutError', 'RequestError', 'ConnectionError'];

/** A known server that is offline is expected back; counting it as missing would create a stream with too few copies. */
const isAway = ({ code, message }: AssetFault): boolean => code === NO_PEERS && message.includes('offline');

/** Is there too little disk space to reserve the stream's maximum size? */
export const lacksRoom = ({ code, message }: AssetFault): boolean =>
  code === STORAGE_EXCEEDED || (code === NO_PEERS && message.includes('storage'));

/** Are there fewer servers than copies? */
export const lacksServers = (fault: AssetFault): boolean =>
  fault.code === NOT_CLUSTERED || (fault.code === NO_PEERS && !isAway(fault) && !lacksRoom(fault));

/** Is it worth waiting? Not when a person has to change something. */
export function isTemporary(fault: AssetFault): boolean {
  if (fault.code !== undefined) return TEMPORARY.includes(fault.code) || isAway(fault);
  return TEMPORARY_NAMES.includes(fault.name);
}

/** Does the server's configuration match? Compares only the settings in `wanted`. */
export function sameConfig(wanted: unknown, found: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return wanted === (found ?? omitted(wanted));
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([name, value]) => sameConfig(value, (found as Record<string, unknown>)[name]));
}

/** The server omits settings that are false, zero or empty. */
const omitted = (wanted: unknown): unknown => (wanted === false || wanted === 0 || wanted === '' ? wanted : undefined);

/** @returns why this code must not use the server's data; `undefined` when it may */
export function refuseNewerData(metadata: Readonly<Record<string, string>> | undefined): string | undefined {
  const version = metadata?.[DATA_VERSION_NAME];
  if (version === undefined) return undefined;
  const found = Number(version);
  if (Number.isInteger(found) && found <= DATA_VERSION) return undefined;
  return `its data has version ${version} and this troupe reads up to ${DATA_VERSION}; start a newer troupe`;
}
