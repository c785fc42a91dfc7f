import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { kindsIn } from '../../../contracts/kinds/registry.ts';
import { type Key, parseKey } from '../../../contracts/store/keys.ts';
import type { Changed, Said, Says, View } from '../../kernel/contract.ts';
import { defineController } from '../../kernel/controller.ts';
import { api, watch } from '../../kernel/declare.ts';
import { isTerminating, onlyThis, targetOf, uidOf } from '../shared/object-meta.ts';
import { type OwnerGraph, ownerGraph } from './owner-graph.ts';
import { type GarbageEffect, isOrphaning, planDependent, planOwner } from './plan-garbage.ts';

const says = { delete: api('delete', '*'), patch: api('patch', '*') };
/** Largest number of requests in one run; the next run continues at once. */
const BATCH_MAX = 500;

/**
 * Deletes objects whose owners are gone, and handles the finalizers `foregroundDeletion` and `orphan`. The keys are:
 * - `object/<store key>`: does this object still have an owner?
 * - `owner/<uid>`: can this terminating owner's finalizer be removed?
 * - `dependents/<uid>`: do the dependents of this owner still have one? Woken by a change of the owner, not by the deletion
 *   of a dependent, which would check all the others each time.
 */
export const garbageCollector = defineController({
  name: 'garbage-collector',
  hears: { objects: watch('*') },
  wakes: { objects: wokenBy },
  says,
  indexes: { graph: ownerGraph },
  plan: (key, { view, say, index }) => {
    const slash = key.indexOf('/');
    const effects = EFFECTS[key.slice(0, slash) as keyof typeof EFFECTS](key.slice(slash + 1), view, index.graph);
    const batch = effects.slice(0, BATCH_MAX);
    return {
      together: batch.flatMap((effect) => requestFor(effect, index.graph, say)),
      ...(batch.length < effects.length ? { againInMs: 1 } : {}),
    };
  },
});

/** Called for the object before and after the change; only changes of owners, deletions and terminating objects matter. */
function wokenBy(object: KubeObject, { key, before, after }: Changed): readonly string[] {
  const owners = object.metadata?.ownerReferences ?? [];
  const ownersChanged = !sameJson(before?.metadata?.ownerReferences, after?.metadata?.ownerReferences);
  const woken: string[] = [];
  if (after === undefined || (isTerminating(after) && (after.metadata?.finalizers ?? []).length > 0))
    woken.push(`owner/${uidOf(object)}`, `dependents/${uidOf(object)}`);
  if (object === before && (after === undefined || ownersChanged))
    woken.push(...owners.map(({ uid }) => `owner/${uid}`));
  if (after !== undefined && (after.metadata?.ownerReferences ?? []).length > 0 && ownersChanged)
    woken.push(`object/${key}`);
  return woken;
}

function at(key: Key | undefined, view: View): KubeObject | undefined {
  const parts = key === undefined ? undefined : parseKey(key);
  return parts === undefined
    ? undefined
    : (view.get(parts.resource, parts.namespace, parts.name) as KubeObject | undefined);
}

function effectsOfObject(key: Key, view: View, graph: OwnerGraph): readonly GarbageEffect[] {
  const object = at(key, view);
  if (object === undefined) return [];
  const owner = (uid: string): KubeObject | undefined => at(graph.keyOfUid.get(uid), view);
  return planDependent(object, kindsIn(view), owner, dependentsOf(uidOf(object), view, graph));
}

/** In key order. */
const dependentsOf = (uid: string, view: View, graph: OwnerGraph): readonly KubeObject[] =>
  [...(graph.dependents.get(uid) ?? [])].sort().flatMap((key) => at(key, view) ?? []);

/** Lazily and in no particular order, for a search that ends at the first match. */
function* eachDependent(uid: string, view: View, graph: OwnerGraph): Generator<KubeObject> {
  for (const key of graph.dependents.get(uid) ?? []) {
    const object = at(key, view);
    if (object !== undefined) yield object;
  }
}

function effectsOfOwner(uid: string, view: View, graph: OwnerGraph): readonly GarbageEffect[] {
  const owner = at(graph.keyOfUid.get(uid), view);
  if (owner === undefined) return [];
  return planOwner(owner, (isOrphaning(owner) ? dependentsOf : eachDependent)(uid, view, graph));
}

function effectsOfDependents(uid: string, view: View, graph: OwnerGraph): readonly GarbageEffect[] {
  if (effectsOfOwner(uid, view, graph).length > 0) return [];
  return [...(graph.dependents.get(uid) ?? [])].sort().flatMap((key) => effectsOfObject(key, view, graph));
}

const EFFECTS = { object: effectsOfObject, owner: effectsOfOwner, dependents: effectsOfDependents } as const;

function requestFor(effect: GarbageEffect, graph: OwnerGraph, say: Says<typeof says>): readonly Said<unknown>[] {
  const { object } = effect;
  const parts = parseKey(graph.keyOfUid.get(uidOf(object)) ?? '');
  if (parts === undefined) return [];
  const target = { resource: parts.resource, ...targetOf(object) };
  const { uid, resourceVersion } = object.metadata ?? {};
  switch (effect.type) {
    case 'delete':
      return [say.delete(target, { ...onlyThis(object), propagationPolicy: effect.policy })];
    case 'set-owners':
      return [say.patch(target, { metadata: { uid, resourceVersion, ownerReferences: effect.owners } })];
    case 'set-finalizers':
      return [say.patch(target, { metadata: { uid, resourceVersion, finalizers: effect.finalizers } })];
  }
}
