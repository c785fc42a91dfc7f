import type { CacheEntry, History, Write } from '../../../actors/kernel/replay-api.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { checkFields } from '../../../contracts/kinds/admit.ts';
import type { CustomResourceDefinition, KubeObject } from '../../../contracts/kinds/kinds.ts';
import { type KindRegistry, kindsOf } from '../../../contracts/kinds/registry.ts';
import { mergePatch } from '../../../contracts/merge/merge-patch.ts';
import { type Key, parseKey, storeKey } from '../../../contracts/store/keys.ts';
import { isSealed } from '../../../contracts/store/sealed.ts';
import type { Playable } from '../read/playable.ts';

/** An object of the recording with the fields to change; they are merged into every version of it. */
export type Wish = KubeObject & { readonly apiVersion: string; readonly kind: string };

/**
 * The same inputs with changed objects. Messages stay as recorded.
 * @throws StatusError NotFound (the recording does not have the object), Invalid (the kind does not have the field)
 */
export function whatIf(playable: Playable, wishes: readonly Wish[]): Playable {
  const patches = new Map<Key, Wish>();
  const last = playable.turns.at(-1)?.view['objects'] ?? 0;
  const kinds = kindsAt(playable.history, last);
  for (const wish of wishes) {
    const kind = kinds.servedAs(wish.apiVersion, wish.kind)?.kind;
    const { name = '', namespace } = wish.metadata ?? {};
    if (kind === undefined) throw statusError('BadRequest', `there is no kind ${wish.kind} in ${wish.apiVersion}`);
    const key = storeKey(kind.resource, kind.namespaced ? (namespace ?? 'default') : undefined, name);
    const example = newest(playable.history, last, key);
    if (example === undefined) throw missing(playable.history, last, key, wish.kind);
    if (isSealed(example))
      throw statusError(
        'BadRequest',
        `${wish.kind} ${name} is sealed in the recording; give the key with --key cluster.key`,
      );
    const [cause] = checkFields(kind, patched(example, wish));
    if (cause !== undefined) throw statusError('Invalid', `${wish.kind} ${name}: ${cause.field}: ${cause.message}`);
    patches.set(key, wish);
  }
  return { ...playable, history: patchedHistory(playable.history, patches) };
}

/** The kinds at the end of the recording. */
function kindsAt(history: History, revision: number): KindRegistry {
  const start = 'customresourcedefinitions.';
  const entries = revision === 0 ? [] : [...history.stateAt(revision)];
  return kindsOf(
    entries.filter(({ key }) => key.startsWith(start)).map(({ object }) => object as CustomResourceDefinition),
  );
}

const patched = (object: KubeObject, wish: Wish): KubeObject => {
  const { resourceVersion } = object.metadata ?? {};
  const merged = mergePatch(object, wish) as KubeObject;
  return { ...merged, metadata: { ...merged.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
};

function patchedHistory(history: History, patches: ReadonlyMap<Key, Wish>): History {
  const as = <T extends Write>(write: T): T => {
    const wish = patches.get(write.key);
    return wish === undefined || write.object === undefined ? write : { ...write, object: patched(write.object, wish) };
  };
  return {
    *stateAt(revision): Iterable<CacheEntry> {
      for (const entry of history.stateAt(revision)) yield as(entry);
    },
    *writes(from, to): Iterable<Write> {
      for (const write of history.writes(from, to)) yield as(write);
    },
    missing: (to, from) => history.missing?.(to, from),
  };
}

/** The last version of an object, which may be deleted. */
function newest(history: History, last: number, key: Key): KubeObject | undefined {
  for (const entry of history.stateAt(last)) if (entry.key === key) return entry.object;
  let found: KubeObject | undefined;
  for (const write of history.writes(0, last))
    if (write.key === key && write.object !== undefined) found = write.object;
  return found;
}

function missing(history: History, last: number, key: Key, kind: string): Error {
  const wanted = parseKey(key);
  const there = new Set<string>();
  const note = (other: Key): void => {
    const parts = parseKey(other);
    if (parts?.resource === wanted?.resource) there.add(parts?.name ?? '');
  };
  for (const entry of history.stateAt(last)) note(entry.key);
  for (const write of history.writes(0, last)) note(write.key);
  const names = [...there].sort();
  const shown = names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
  return statusError(
    'NotFound',
    `${kind} ${wanted?.name ?? ''} is not in the recording; ${names.length === 0 ? `it holds no ${wanted?.resource ?? ''}` : `there are: ${shown}`}`,
  );
}
