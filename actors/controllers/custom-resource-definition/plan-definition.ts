import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
  KubeObject,
} from '../../../contracts/kinds/kinds.ts';
import { FINALIZER } from '../../../contracts/kinds/meta/check-meta.ts';
import { conditionOf, isTrue, transitionTime, withCondition } from '../../../contracts/kinds/meta/conditions.ts';
import { sameValue } from '../../../contracts/json-values.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import { isTerminating, nameOf } from '../shared/object-meta.ts';

export type DefinitionEffect =
  | { readonly type: 'set-status'; readonly status: CustomResourceDefinitionStatus }
  | { readonly type: 'delete-object'; readonly object: KubeObject }
  | { readonly type: 'set-finalizers'; readonly finalizers: readonly string[] };

export interface DefinitionPlan {
  readonly effects: readonly DefinitionEffect[];
  /** Plan again after this time even if nothing changes. */
  readonly againInMs?: number;
}

/** A name in use may become free without a change of this definition. */
const CONFLICT_RETRY_MS = 5_000;
/** Another api-server may accept objects until it knows that the definition is being deleted. */
const CLOSING_MS = 2_000;

/**
 * Decides what a CustomResourceDefinition needs next: the acceptance of its names; or, when it is being deleted, the deletion
 * of all objects of its kind before its finalizer is removed. Pure and total.
 * @param others  all definitions
 * @param objects the objects of its kind
 * @see kubernetes apiextensions-apiserver pkg/controller/{status,establish,finalizer}
 */
export function planDefinition(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  objects: readonly KubeObject[],
  now: number,
): DefinitionPlan {
  if (isTerminating(definition)) return planDeletion(definition, objects, now);
  const status = acceptedStatus(definition, others, now);
  const effects: DefinitionEffect[] = sameValue(status, definition.status) ? [] : [{ type: 'set-status', status }];
  return isTrue(status, 'NamesAccepted') ? { effects } : { effects, againInMs: CONFLICT_RETRY_MS };
}

function planDeletion(
  definition: CustomResourceDefinition,
  objects: readonly KubeObject[],
  now: number,
): DefinitionPlan {
  const finalizers = definition.metadata?.finalizers ?? [];
  if (!finalizers.includes(FINALIZER.definition)) return { effects: [] };
  const closing = conditionOf(definition.status, 'Terminating');
  if (closing?.status !== 'True') {
    const status = withStatusCondition(definition.status, terminating(definition, now));
    return { effects: [{ type: 'set-status', status }], againInMs: CLOSING_MS };
  }
  const remaining = objects.filter((object) => !isTerminating(object));
  if (remaining.length > 0) return { effects: remaining.map((object) => ({ type: 'delete-object', object })) };
  const leftMs = parseRfc3339(closing.lastTransitionTime) + CLOSING_MS - now;
  if (objects.length > 0 || leftMs > 0) return { effects: [], againInMs: Math.max(leftMs, CLOSING_MS) };
  return {
    effects: [{ type: 'set-finalizers', finalizers: finalizers.filter((name) => name !== FINALIZER.definition) }],
  };
}

const terminating = ({ status }: CustomResourceDefinition, now: number): CustomResourceDefinitionCondition => ({
  type: 'Terminating',
  status: 'True',
  lastTransitionTime: transitionTime(conditionOf(status, 'Terminating'), 'True', now),
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
});

const withStatusCondition = (
  status: CustomResourceDefinitionStatus | undefined,
  condition: CustomResourceDefinitionCondition,
): CustomResourceDefinitionStatus => ({ ...status, conditions: [...withCondition(status, condition)] });

function acceptedStatus(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: number,
): CustomResourceDefinitionStatus {
  const { spec, status = {} } = definition;
  const taken = namesTaken(definition, others);
  const conflicts = Object.entries(spec.names).flatMap(([field, names]) =>
    [names ?? []].flat().flatMap((name) => (isTaken(field, name, taken) ? [{ field, name }] : [])),
  );
  const [first] = conflicts;
  const accepted = first === undefined ? 'True' : 'False';
  const names: CustomResourceDefinitionCondition = {
    type: 'NamesAccepted',
    status: accepted,
    lastTransitionTime: transitionTime(conditionOf(status, 'NamesAccepted'), accepted, now),
    reason: first === undefined ? 'NoConflicts' : `${REASONS[first.field] ?? 'Names'}Conflict`,
    message: first === undefined ? 'no conflicts found' : `${JSON.stringify(first.name)} is already in use`,
  };
  const established = accepted === 'True' || isTrue(status, 'Established') ? 'True' : 'False';
  const served: CustomResourceDefinitionCondition = {
    type: 'Established',
    status: established,
    lastTransitionTime: transitionTime(conditionOf(status, 'Established'), established, now),
    reason: established === 'True' ? 'InitialNamesAccepted' : 'NotAccepted',
    message: established === 'True' ? 'the initial names have been accepted' : 'not all names are accepted',
  };
  const storage = spec.versions.find((version) => version.storage)?.name ?? '';
  const stored = status.storedVersions ?? [];
  const rest = (status.conditions ?? []).filter(({ type }) => type !== 'NamesAccepted' && type !== 'Established');
  return {
    ...status,
    acceptedNames: first === undefined ? spec.names : (status.acceptedNames ?? { plural: '', kind: '' }),
    conditions: [names, served, ...rest],
    storedVersions: stored.includes(storage) ? [...stored] : [...stored, storage],
  };
}

const REASONS: Readonly<Record<string, string>> = {
  plural: 'Plural',
  singular: 'Singular',
  shortNames: 'ShortNames',
  kind: 'Kind',
  listKind: 'ListKind',
};

interface NamesTaken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** The names that the other definitions of its group have. */
function namesTaken(definition: CustomResourceDefinition, others: readonly CustomResourceDefinition[]): NamesTaken {
  const accepted = others.flatMap((other): readonly CustomResourceDefinitionNames[] =>
    nameOf(other) !== nameOf(definition) && other.spec.group === definition.spec.group
      ? [other.status?.acceptedNames ?? { plural: '', kind: '' }]
      : [],
  );
  return {
    resources: new Set(
      accepted.flatMap(({ plural, singular, shortNames }) => [plural, singular ?? '', ...(shortNames ?? [])]),
    ),
    kinds: new Set(accepted.flatMap(({ kind, listKind }) => [kind, listKind ?? ''])),
  };
}

function isTaken(field: string, name: string, { resources, kinds }: NamesTaken): boolean {
  if (field === 'categories' || name === '') return false;
  return (field === 'kind' || field === 'listKind' ? kinds : resources).has(name);
}
