import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import { type EventNote, makeEvent } from '../../../contracts/kinds/event/make-event.ts';
import type { KubeObject, LabelSelector, ResourceName } from '../../../contracts/kinds/kinds.ts';
import { selectorMatches } from '../../../contracts/selectors/label-selector.ts';
import type { AnySayDecl, Changed, Said, Says, Stored } from '../../kernel/contract.ts';
import { defineController, type Plan, type PlanContext } from '../../kernel/controller.ts';
import { type ActorDefinition, api, apiForMetadata, watch } from '../../kernel/declare.ts';
import { adoption, release } from './claim.ts';
import { grouped, inKeyOrder } from './grouped.ts';
import {
  controllerOf,
  controllerReference,
  isClosing,
  isTerminating,
  keyOf,
  namespaceOf,
  ownerKey,
  splitKey,
  targetOf,
  uidOf,
} from './owner.ts';

/** What the plan of an owner may use besides its children. */
export interface OwnerContext<S, C> extends Pick<PlanContext<S, never>, 'view' | 'now' | 'refused'> {
  readonly say: Says<S>;
  /** The owner's namespace is on its way out: whatever is created there would only be refused. */
  readonly closing: boolean;
  adopt(this: void, child: C): Said<unknown>;
  release(this: void, child: C): Said<unknown>;
  /** An Event about the owner. */
  tell(this: void, note: EventNote): Said<unknown>;
}

/**
 * Declares a controller whose objects own others of one resource, which they select by labels: ReplicaSets and their
 * pods, Deployments and their ReplicaSets. Kept here is what Kubernetes' controllers of this shape share: an owner wakes
 * for its children's changes, and an orphan goes to the first owner that selects it.
 */
export function defineOwnerController<
  const O extends ResourceName,
  const C extends ResourceName,
  const S extends Record<string, AnySayDecl>,
>(definition: {
  readonly name: string;
  readonly owners: O;
  readonly children: C;
  /** Of the owners. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Who tells Events. */
  readonly component: string;
  readonly says: S;
  /** @param children those that the owner manages, then the orphans that it selects; each in key order */
  readonly plan: (owner: Stored<O>, children: readonly Stored<C>[], at: OwnerContext<S, Stored<C>>) => Plan;
}): ActorDefinition {
  const { name, owners, children, apiVersion, kind, component } = definition;
  const says = { ...definition.says, claim: apiForMetadata('patch', children), event: api('create', 'events') };
  const patched = (say: Says<typeof says>, child: KubeObject, patch: object): Said<unknown> =>
    say.claim(targetOf(child), patch);
  const adopted = (say: Says<typeof says>, owner: KubeObject, child: KubeObject): Said<unknown> =>
    patched(say, child, adoption(child, controllerReference(owner, apiVersion, kind)));
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
    indexes: { children: grouped<KubeObject>(children, groupOf) },
    plan: (key, { view, say, index, now, refused }) => {
      const [namespace, ownerName] = splitKey(key);
      const orphans = index.children.get(orphansOf(namespace));
      if (ownerName === '') {
        const open = (view.list(owners, namespace) as readonly Selecting[]).filter((owner) => !isTerminating(owner));
        if (open.length === 0) return {}; // the common case: orphans cost nothing where nobody could adopt them
        const homeOf = (orphan: KubeObject) => open.find((owner) => selects(owner, orphan));
        const adoptable = inKeyOrder(orphans, (orphan) => !isTerminating(orphan) && homeOf(orphan) !== undefined);
        return { together: adoptable.map((orphan) => adopted(say, homeOf(orphan) as KubeObject, orphan)) };
      }
      const owner = view.get(owners, namespace, ownerName) as Selecting | undefined;
      if (owner === undefined) return {};
      const mine = index.children.get(childrenOf(namespace, uidOf(owner)));
      const closing = isClosing(view, namespace);
      const wanted = inKeyOrder(orphans, (orphan) => selects(owner, orphan));
      return definition.plan(owner as Stored<O>, [...inKeyOrder(mine), ...wanted] as Stored<C>[], {
        view,
        now,
        say,
        closing,
        adopt: (child) => adopted(say, owner, child),
        release: (child) => patched(say, child, release(child, uidOf(owner))),
        tell: (note) => say.event({ namespace }, makeEvent(owner, note, component, now())),
        ...(refused === undefined || closing ? {} : { refused }),
      });
    },
  });
}

/** Stands, where keys name an owner, for what nobody owns in a namespace: a key without a name. */
const orphansOf = (namespace: string): string => `${namespace}/`;
/** Who names an owner of another namespace is not its child, and not counted among them. */
const childrenOf = (namespace: string, uid: string): string => `${namespace}/${uid}`;
/** Is an orphan new, or something else about it that decides whose it may become? */
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
