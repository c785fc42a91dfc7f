import { boxOf, type MemoryHistory, openRec } from '../../../actors/kernel/replay-api.ts';
import { type ClusterKey, isSealedWith, isSecretKey } from '../../../contracts/store/sealed.ts';
import { journalSealer } from '../../boot/roles/journal-sealer.ts';
import type { Recording } from './gather-recordings.ts';

/**
 * Whether this key opens the secret data of recordings. It is the right key when it opens anything: a single Secret that it
 * does not open may be damaged.
 * @param history as read with that key
 * @returns `undefined` when nothing is sealed
 */
export function keyOpens(
  recordings: readonly Pick<Recording, 'turns'>[],
  { all, bases }: Pick<MemoryHistory, 'all' | 'bases'>,
  key: ClusterKey,
): boolean | undefined {
  const kept = [...bases.flatMap(({ entries }) => entries), ...all];
  const secrets = kept.flatMap(({ key: at, object }) => (object !== undefined && isSecretKey(at) ? [object] : []));
  if (secrets.some((object) => isSealedWith(object, key) !== false)) return true;
  const sealed = recordings.flatMap(({ turns }) =>
    turns.filter((turn) => turn.sealed === true && boxOf(turn.rec) !== undefined),
  );
  const sealer = journalSealer(key);
  if (sealed.some(({ rec }) => openRec(rec, sealer) !== undefined)) return true;
  return secrets.length === 0 && sealed.length === 0 ? undefined : false;
}
