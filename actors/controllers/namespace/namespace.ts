import type { KubeObject, Namespace } from '../../../contracts/kinds/kinds.ts';
import type { Changed, Said, Says, View } from '../../kernel/contract.ts';
import { defineController } from '../../kernel/controller.ts';
import { api, apiForMetadata, watch } from '../../kernel/declare.ts';
import { nameOf, namespaceOf, onlyThis, targetOf } from '../shared/object-meta.ts';
import { DEFAULT_ACCOUNT, type NamespaceEffect, planNamespace } from './plan-namespace.ts';

const says = {
  delete: api('delete', '*'),
  createAccount: apiForMetadata('create', 'serviceaccounts'),
  status: apiForMetadata('patch', 'namespaces/status'),
  finalize: apiForMetadata('update', 'namespaces/finalize'),
};

/** Creates each namespace's default ServiceAccount, and deletes the contents of terminating namespaces. */
export const namespaceController = defineController({
  name: 'namespace',
  hears: { objects: watch('*'), namespaces: watch('namespaces') },
  wakes: { objects: wokenByContent, namespaces: nameOf },
  says,
  plan: (name, { view, say }) => {
    const namespace = view.get('namespaces', undefined, name);
    if (namespace === undefined) return {};
    const effects = planNamespace(namespace, contentsOf(name, view));
    const requests = (some: readonly NamespaceEffect[]) => some.map((effect) => requestFor(namespace, effect, say));
    return {
      inTurn: requests(effects.filter((effect) => !isDeletion(effect))),
      together: requests(effects.filter(isDeletion)),
    };
  },
});

const isDeletion = ({ type }: NamespaceEffect): boolean => type === 'delete-all' || type === 'delete-one';

/** A deletion inside a namespace wakes it: it may be empty now, or have lost its default ServiceAccount. */
function wokenByContent(object: KubeObject, { after }: Changed): string | undefined {
  return after === undefined && namespaceOf(object) !== '' ? namespaceOf(object) : undefined;
}

/** Whatever is in the namespace, objects of unknown kinds too: the namespace waits for them. */
const contentsOf = (namespace: string, view: View): ReadonlyMap<string, readonly KubeObject[]> =>
  new Map(
    view.resources().flatMap((resource) => {
      const objects = view.list(resource, namespace) as readonly KubeObject[];
      return objects.length === 0 ? [] : [[resource, objects] as const];
    }),
  );

function requestFor(namespace: Namespace, effect: NamespaceEffect, say: Says<typeof says>): Said<unknown> {
  const name = nameOf(namespace);
  switch (effect.type) {
    case 'create-account': {
      const account = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: DEFAULT_ACCOUNT, namespace: name },
      };
      return say.createAccount({ namespace: name, name: DEFAULT_ACCOUNT }, account);
    }
    case 'mark-terminating':
      return say.status({ name }, { status: { phase: 'Terminating' } });
    case 'delete-all':
      return say.delete({ resource: effect.resource, namespace: name }, { propagationPolicy: 'Background' });
    case 'delete-one':
      return say.delete(
        { resource: effect.resource, ...targetOf(effect.object) },
        {
          ...onlyThis(effect.object),
          propagationPolicy: 'Background',
        },
      );
    case 'finalize':
      return say.finalize({ name }, { ...namespace, spec: { ...namespace.spec, finalizers: effect.finalizers } });
  }
}
