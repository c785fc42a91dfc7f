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

/** Opens the recordings, reads them, and closes them also after an error. */
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

/** A key, and where it comes from: that decides what happens when it is the key of another cluster. */
export interface GivenKey {
  readonly key: ClusterKey;
  readonly file: string;
  /** `own`: the home's own key; `named`: given by the user; `found`: in the home, while the recordings are on a server. */
  readonly how: 'own' | 'named' | 'found';
}

/**
 * The key given by the user, else that of the home; `undefined` when there is none.
 * @param onMissing called with a message when the home lacks its own key
 * @throws StatusError NotFound, BadRequest, Invalid: the given key cannot be read, or the key is damaged
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
        `${file} is missing, so turns with secret data are not played; give --key cluster.key, from the home of the cluster's first master`,
      );
    return undefined;
  }
  return { key: clusterKey(readClusterKey(paths)), file, how: server === undefined ? 'own' : 'found' };
}

/**
 * Opens the secret data of the recordings; `undefined` without the right key.
 * @throws StatusError BadRequest: the key given by the user is another cluster's
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
  const finding = `${file} is the key of another cluster and does not open the secret data there`;
  if (how === 'named')
    throw statusError('BadRequest', `${finding}; give cluster.key of the home of its masters, or play without a key`);
  onRead(`${finding}; playing without a key; --key names the right one`);
  return undefined;
}
