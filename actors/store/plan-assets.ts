import { bucketNames, keySubject, streamOf } from '../../contracts/store/buckets.ts';
import { EVENT_TTL_MS, HISTORY_PER_KEY, LEASE_TTL_MS } from '../../contracts/store/limits.ts';
import { below } from '../../contracts/subjects/family.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { KEEP, type Keep } from './plan-retention.ts';

/** Version of what is stored; one more whenever older code could not read it any more. */
export const DATA_VERSION = 1;
/** Name of the data version in the metadata of the objects' stream. */
export const DATA_VERSION_NAME = 'io.troupe.data-version';

export interface AssetOptions {
  /** The cluster's subject prefix. */
  readonly prefix: string;
  /** How many servers keep each stream; default as it is, and for a new one 3 on a NATS cluster of as many, else 1. */
  readonly replicas?: number | undefined;
  readonly leaseTtlMs?: number;
  /** How long and how large what can be played back may become; default 7 days and 4 GiB. */
  readonly keep?: Partial<Keep> | undefined;
}

/** A stream as JetStream's API names its settings; times in nanoseconds. What is not named has the server's default. */
export interface StreamPlan {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const nanos = (ms: number): number => ms * 1_000_000;

/** Every stream of a cluster, in the order in which they must be made. */
export function planAssets(options: AssetOptions): readonly StreamPlan[] {
  const names = bucketNames(options.prefix);
  const keep: Keep = { ...KEEP, ...options.keep };
  const replicas = options.replicas === undefined ? {} : { num_replicas: options.replicas };
  const base = { storage: 'file', retention: 'limits', discard: 'old', ...replicas };
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
  const republish = (name: string) => ({ src: keySubject(name, '>'), dest: below(SUBJECTS.changes, options.prefix) });
  const plan = (name: string, description: string, config: StreamPlan['config']): StreamPlan => ({
    name,
    config: { description, ...config },
  });
  return [
    plan(streamOf(names.objects), 'Every object of the cluster; written by api-servers alone', {
      ...bucket(names.objects),
      // The server makes every mirror of a stream with direct gets answer them too, and this mirror forgets old objects.
      allow_direct: false,
      max_msgs_per_subject: HISTORY_PER_KEY,
      allow_msg_ttl: true,
      republish: republish(names.objects),
      metadata: { [DATA_VERSION_NAME]: String(DATA_VERSION) },
    }),
    plan(names.history, "Full history of the objects, same sequences; dropped only with the journal's tail", {
      ...kept,
      mirror: { name: streamOf(names.objects) },
      deny_purge: false,
    }),
    plan(streamOf(names.events), 'Events; they expire', {
      ...expiring(names.events, EVENT_TTL_MS),
      republish: republish(names.events),
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
      // Journal, history and checkpoints share these two; housekeeping drops of the others what no kept record refers to.
      max_age: nanos(keep.maxAgeMs),
      max_bytes: keep.maxBytes,
    }),
  ];
}

const BYTES_MIN = 16 * 2 ** 20;

/** The settings, and the same with a smaller and smaller largest size, where there is one. */
export function* planSizes(config: StreamPlan['config']): Generator<StreamPlan['config']> {
  yield config;
  const { max_bytes: bytes } = config;
  if (typeof bytes !== 'number') return;
  for (let smaller = bytes / 4; smaller >= BYTES_MIN; smaller /= 4) yield { ...config, max_bytes: Math.floor(smaller) };
}

/** What the server said of a stream that it does not make, change or show. */
export interface AssetFault {
  readonly name: string;
  readonly message: string;
  /** JetStream's own code, such as 10118. */
  readonly code?: number | undefined;
}

const NO_PEERS = 10005;
const NOT_CLUSTERED = 10074;
const STORAGE_EXCEEDED = 10047;
/** The cluster is not whole yet; it has no leader; another leads; the stream's servers are away; so are they for now. */
const PASSING: readonly number[] = [10004, 10008, 10009, 10118, 10163];
/** No answer yet, or the connection was lost meanwhile. */
const PASSING_NAMES: readonly string[] = ['TimeoutError', 'RequestError', 'ConnectionError'];

/** A server that is known and away comes back; who counts it as missing would keep fewer copies for good. */
const isAway = ({ code, message }: AssetFault): boolean => code === NO_PEERS && message.includes('offline');

/** Does the disk lack the room that is set aside for the stream's largest size? */
export const lacksRoom = ({ code, message }: AssetFault): boolean =>
  code === STORAGE_EXCEEDED || (code === NO_PEERS && message.includes('storage'));

/** Are there fewer servers than copies? */
export const lacksServers = (fault: AssetFault): boolean =>
  fault.code === NOT_CLUSTERED || (fault.code === NO_PEERS && !isAway(fault) && !lacksRoom(fault));

/** Does it help to wait? Not where a person has to change something. */
export function passes(fault: AssetFault): boolean {
  if (fault.code !== undefined) return PASSING.includes(fault.code) || isAway(fault);
  return PASSING_NAMES.includes(fault.name);
}

/** Is what the server has already what is wanted? Looks only at what is named in `wanted`. */
export function sameConfig(wanted: unknown, found: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return wanted === (found ?? unsaid(wanted));
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([name, value]) => sameConfig(value, (found as Record<string, unknown>)[name]));
}

/** The server leaves out what is false, zero or empty. */
const unsaid = (wanted: unknown): unknown => (wanted === false || wanted === 0 || wanted === '' ? wanted : undefined);

/** @returns why the code must not touch the server's data; `undefined` when it may */
export function refuseNewerData(metadata: Readonly<Record<string, string>> | undefined): string | undefined {
  const version = metadata?.[DATA_VERSION_NAME];
  if (version === undefined) return undefined;
  const found = Number(version);
  if (Number.isInteger(found) && found <= DATA_VERSION) return undefined;
  return `its data has version ${version}, this troupe reads up to ${DATA_VERSION}; start a newer troupe`;
}
