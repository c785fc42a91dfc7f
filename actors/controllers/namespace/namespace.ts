import type { KubeObject, Namespace } from '../../../contracts/kinds/kinds.ts';
import type { Changed, Said, Says } from '../../kernel/contract.ts';
import { defineController } from '../../kernel/controller.ts';
import { apiForMetadata, watch } from '../../kernel/declare.ts';
import { nameOf, namespaceOf, onlyThis, targetOf } from '../shared/owner.ts';
import { NAMESPACED_RESOURCES, perResource, sayAll, watchAll } from '../shared/resources.ts';
import { DEFAULT_ACCOUNT, type NamespaceEffect, planNamespace } from './plan-namespace.ts';

const says = {
  ...sayAll(['delete'], NAMESPACED_RESOURCES),
  createAccount: apiForMetadata('create', 'serviceaccounts'),
  status: apiForMetadata('patch', 'namespaces/status'),
  finalize: apiForMetadata('update', 'namespaces/finalize'),
};

/** Gives namespaces their default ServiceAccount, and empties those that are to go. */
export const namespaceController = defineController({
  name: 'namespace',
  hears: { ...watchAll(NAMESPACED_RESOURCES), namespaces: watch('namespaces') },
  wakes: {
    ...perResource(NAMESPACED_RESOURCES, () => wokenByContent),
    namespaces: nameOf,
  },
  says,
  plan: (name, { view, say }) => {
    const namespace = view.get('namespaces', undefined, name);
    if (namespace === undefined) return {};
    const effects = planNamespace(namespace, (resource) => view.list(resource, name));
    const said = (some: readonly NamespaceEffect[]) => some.map((effect) => saidFor(namespace, effect, say));
    return { inTurn: said(effects.filter((effect) => !empties(effect))), together: said(effects.filter(empties)) };
  },
});

const empties = ({ type }: NamespaceEffect): boolean => type === 'delete-all' || type === 'delete-one';

/** Only what goes matters here: a namespace is emptied when it is to go, and each time that something in it has gone. */
function wokenByContent(object: KubeObject, { after }: Changed): string | undefined {
  return after === undefined ? namespaceOf(object) : undefined;
}

function saidFor(namespace: Namespace, effect: NamespaceEffect, say: Says<typeof says>): Said<unknown> {
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
      return say[`delete-${effect.resource}`]({ namespace: name }, { propagationPolicy: 'Background' });
    case 'delete-one':
      return say[`delete-${effect.resource}`](targetOf(effect.object), {
        ...onlyThis(effect.object),
        propagationPolicy: 'Background',
      });
    case 'finalize':
      return say.finalize({ name }, { ...namespace, spec: { ...namespace.spec, finalizers: effect.finalizers } });
  }
}
