import type { Key } from './keys.ts';

/** Names of the JetStream assets of a cluster; `prefix` is the cluster's subject prefix. */
export const bucketNames = (prefix: string) => ({
  /** Every object; history 64; republished to `<prefix>.changes.>`. */
  objects: `${prefix}-objects`,
  /** Events; history 1; expire after an hour; republished too. */
  events: `${prefix}-events`,
  /** Leases of singletons; history 1; expire unless renewed. */
  leases: `${prefix}-leases`,
  /** Compressed mirror of the objects' stream: the full history under the same sequences. */
  history: `${prefix}-history`,
  /** All live objects at a revision, in chunks. */
  checkpoints: `${prefix}-checkpoints`,
  /** Recordings: the inputs and outputs of every actor. */
  journal: `${prefix}-journal`,
});

/** The stream behind a key-value bucket. */
export const streamOf = (bucket: string): string => `KV_${bucket}`;

/** The subject of a bucket's key. @param key a key, or `>` for all keys */
export const keySubject = (bucket: string, key: Key): string => `$KV.${bucket}.${key}`;

/** The key of a bucket's message, from its subject. */
export const keyOfSubject = (subject: string): Key => subject.split('.').slice(2).join('.');
