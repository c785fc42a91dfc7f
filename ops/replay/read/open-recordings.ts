import { existsSync } from 'node:fs';
import type { MemoryHistory, Sealer } from '../../../actors/kernel/replay-api.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { type ClusterKey, clusterKey } from '../../../contracts/store/sealed.ts';
import { readClusterKey } from '../../boot/home/cluster.ts';
import { homePaths } from '../../boot/home/home.ts';
import { journalSealer } from '../../boot/roles/journal-sealer.ts';
import type { Recording } from './gather-recordings.ts';
import { readKeyFile } from './key-file.ts';
import { keyOpens } from './key-opens.ts';
import { openHome } from './open-home.ts';
import { openServer } from './open-server.ts';
import type { OpenedRecordings, RecordedWhere } from './recorded-where.ts';

/** Opens, reads, and leaves, whatever happens. */
export async function withRecordings<T>(
  where: RecordedWhere,
  read: (opened: OpenedRecordings) => Promise<T>,
): Promise<T> {
  const opened = where.server === undefined ? await openHome(where.home) : await openServer(where.server);
  try {
    return await read(opened);
  } catch (error) {
    throw opened.worded?.(error) ?? error;
  } finally {
    await opened.close();
  }
}

/** A key, and what is to be done when it turns out to be another cluster's. */
export interface GivenKey {
  readonly key: ClusterKey;
  readonly file: string;
  /** `own`: it is this cluster's; `named`: somebody says so; `found`: the home has it, of whatever cluster. */
  readonly how: 'own' | 'named' | 'found';
}

/**
 * The key that is named, else that of the home; `undefined` where there is none.
 * @param onMissing told when it is a home that lacks its own
 * @throws StatusError NotFound, BadRequest, Invalid: a key that was named, or that is damaged
 */
export function keyOf(
  { home, server, keyFile }: RecordedWhere,
  onMissing: (what: string) => void,
): GivenKey | undefined {
  const paths = homePaths(home);
  const file = keyFile ?? paths.clusterKey;
  if (keyFile !== undefined) return { key: clusterKey(readKeyFile(keyFile)), file, how: 'named' };
  if (!existsSync(file)) {
    if (server === undefined)
      onMissing(
        `${file} is missing, so turns that heard a secret are not played; give --key cluster.key, from the home of the cluster's first master`,
      );
    return undefined;
  }
  return { key: clusterKey(readClusterKey(paths)), file, how: server === undefined ? 'own' : 'found' };
}

/**
 * What opens the secret data of recordings that were read; `undefined` without a key.
 * @throws StatusError BadRequest: the key that was named is another cluster's
 */
export function sealerOf(
  given: GivenKey | undefined,
  recordings: readonly Pick<Recording, 'turns'>[],
  history: Pick<MemoryHistory, 'all' | 'bases'>,
  onRead: (what: string) => void,
): Sealer | undefined {
  if (given === undefined) return undefined;
  const { key, file, how } = given;
  if (how === 'own' || keyOpens(recordings, history, key) !== false) return journalSealer(key);
  const finding = `${file} is another cluster's key than the one with which what is secret there is sealed`;
  if (how === 'named')
    throw statusError('BadRequest', `${finding}; give cluster.key of the home of its masters, or play without a key`);
  onRead(`${finding}, so that is played without a key; --key names the right one`);
  return undefined;
}
