import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import { type EventNote, makeEvent } from '../../../contracts/kinds/event/make-event.ts';
import type { KubeObject, LabelSelector, ResourceName } from '../../../contracts/kinds/kinds.ts';
import { selectorMatches } from '../../../contracts/selectors/label-selector.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import type { AnySayDecl, Changed, Said, Says, Stored } from '../../kernel/contract.ts';
import { defineController, type Plan, type PlanContext } from '../../kernel/controller.ts';
import { type ActorDefinition, api, apiForMetadata, watch } from '../../kernel/declare.ts';
import { adoption, release } from './adopt-and-release.ts';
import { groupIndex, inKeyOrder } from './group-index.ts';
import { isNamespaceTerminating, isTerminating, keyOf, namespaceOf, splitKey, targetOf, uidOf } from './object-meta.ts';
import { controllerOf, controllerReference, ownerKey } from './owner-reference.ts';

/** What an owner's plan may use besides its children. */
export interface OwnerContext<S, C> extends Pick<PlanContext<S, never>, 'view' | 'now' | 'refused'> {
  readonly say: Says<S>;
  /** The owner's namespace is terminating: a create there would be rejected. */
  readonly namespaceTerminating: boolean;
  adopt(this: void, child: C): Said<unknown>;
  release(this: void, child: C): Said<unknown>;
  /** An event about the owner. */
  event(this: void, note: EventNote): Said<unknown>;
}

/** How `defineOwnerController` declares a controller. */
interface OwnerControllerDefinition<O extends ResourceName, C extends ResourceName, S> {
  readonly name: string;
  readonly owners: O;
  readonly children: C;
  /** API version and kind of the owners. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Source component of the events. */
  readonly component: string;
  readonly says: S;
  /** @param children those that the owner manages, then the orphans that its selector matches; each in key order */
  readonly plan: (owner: Stored<O>, children: readonly Stored<C>[], at: OwnerContext<S, Stored<C>>) => Plan;
}

/**
 * Declares a controller whose objects own others of one resource, selected by labels: ReplicaSets and their pods,
 * Deployments and their ReplicaSets. A change of a child wakes its owner, and the first owner whose selector matches an
 * orphan adopts it.
 *
 * A key is `namespace/name` of an owner, or `namespace/` for the orphans of a namespace.
 */
export function defineOwnerController<
  const O extends ResourceName,
  const C extends ResourceName,
  const S extends Record<string, AnySayDecl>,
>(definition: OwnerControllerDefinition<O, C, S>): ActorDefinition {
  const { name, owners, children, apiVersion, kind, component } = definition;
  const says = { ...definition.says, claim: apiForMetadata('patch', children), event: api('create', 'events') };
  return defineController({
    name,
    hears: { owners: watch(owners), children: watch(children), namespaces: watch('namespaces') },
    wakes: {
      owners: (owner: KubeObject) => keyOf(owner),
      children: (child: KubeObject, changed: Changed) =>
        ownerKey(child, kind) ?? (mayBeAdopted(changed) ? orphansOf(namespaceOf(child)) : undefined),
      namespaces: () => undefined,
    },
    says,
    indexes: { children: groupIndex<KubeObject>(children, groupOf) },
    plan: (key, { view, say, index, now, refused }) => {
      const [namespace, ownerName] = splitKey(key);
      const orphans = index.children.get(orphansOf(namespace));
      const adopt = (owner: KubeObject, child: KubeObject): Said<unknown> =>
        say.claim(targetOf(child), adoption(child, controllerReference(owner, apiVersion, kind)));
      if (ownerName === '') return planOrphans(orphans, view.list(owners, namespace) as readonly Selecting[], adopt);
      const owner = view.get(owners, namespace, ownerName) as Selecting | undefined;
      if (owner === undefined) return {};
      const managed = inKeyOrder(index.children.get(childrenOf(namespace, uidOf(owner))));
      const selected = inKeyOrder(orphans, (orphan) => selects(owner, orphan));
      const namespaceTerminating = isNamespaceTerminating(view, namespace);
      return definition.plan(owner as Stored<O>, [...managed, ...selected] as Stored<C>[], {
        view,
        now,
        say,
        namespaceTerminating,
        adopt: (child) => adopt(owner, child),
        release: (child) => say.claim(targetOf(child), release(child, uidOf(owner))),
        event: (note) => say.event({ namespace }, makeEvent(owner, note, component, now())),
        ...(refused === undefined || namespaceTerminating ? {} : { refused }),
      });
    },
  });
}

/** Each orphan is adopted by the first owner of its namespace whose selector matches it. */
function planOrphans(
  orphans: ReadonlyMap<Key, KubeObject> | undefined,
  owners: readonly Selecting[],
  adopt: (owner: KubeObject, orphan: KubeObject) => Said<unknown>,
): Plan {
  const adopters = owners.filter((owner) => !isTerminating(owner));
  if (adopters.length === 0) return {}; // the common case
  const adopterOf = (orphan: KubeObject) => adopters.find((owner) => selects(owner, orphan));
  const adoptable = inKeyOrder(orphans, (orphan) => !isTerminating(orphan) && adopterOf(orphan) !== undefined);
  return { together: adoptable.map((orphan) => adopt(adopterOf(orphan) as KubeObject, orphan)) };
}

/** Group and key of the objects of a namespace that no owner manages. */
const orphansOf = (namespace: string): string => `${namespace}/`;
/** Group of an owner's children. It contains the namespace: an object of another namespace is not its child. */
const childrenOf = (namespace: string, uid: string): string => `${namespace}/${uid}`;
/** Is the object new, or did a field change that decides whether an owner may adopt it? */
const mayBeAdopted = ({ before, after }: Changed): boolean =>
  before === undefined ||
  (after !== undefined &&
    (before.metadata?.uid !== after.metadata?.uid ||
      isTerminating(before) !== isTerminating(after) ||
      !sameJson(before.metadata?.labels, after.metadata?.labels) ||
      !sameJson(before.metadata?.ownerReferences, after.metadata?.ownerReferences)));
const groupOf = (child: KubeObject): string => childrenOf(namespaceOf(child), controllerOf(child)?.uid ?? '');

interface Selecting extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelector };
}
const selects = (owner: Selecting, { metadata }: KubeObject): boolean =>
  selectorMatches(owner.spec?.selector, metadata?.labels);
