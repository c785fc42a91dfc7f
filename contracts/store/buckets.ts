import type { Key } from './keys.ts';

/** Names of the JetStream assets of a cluster; `prefix` is the cluster's subject prefix. */
export const bucketNames = (prefix: string) => ({
  /** Every object; history 64; republished to `<prefix>.changes.>`. */
  objects: `${prefix}-objects`,
  /** Events; history 1; expire after an hour; republished too. */
  events: `${prefix}-events`,
  /** Heart-beat like leases of singletons; history 1; expire. */
  leases: `${prefix}-leases`,
  /** Compressed mirror of the objects' stream: the full history under the same sequences. */
  history: `${prefix}-history`,
  /** All live objects at a revision, in chunks. */
  checkpoints: `${prefix}-checkpoints`,
  /** What every actor heard and said. */
  journal: `${prefix}-journal`,
});

/** The stream behind a key-value bucket. */
export const streamOf = (bucket: string): string => `KV_${bucket}`;

/** Where a bucket keeps what lies under a key. @param key also `>`: under all */
export const keySubject = (bucket: string, key: Key): string => `$KV.${bucket}.${key}`;

/** The key under which a message of a bucket lies. */
export const keyOfSubject = (subject: string): Key => subject.split('.').slice(2).join('.');
