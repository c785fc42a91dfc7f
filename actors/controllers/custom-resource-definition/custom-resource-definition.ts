import type { CustomResourceDefinition, KubeObject } from '../../../contracts/kinds/kinds.ts';
import { parseKey } from '../../../contracts/store/keys.ts';
import type { Changed, Said, Says } from '../../kernel/contract.ts';
import { defineController } from '../../kernel/controller.ts';
import { api, apiForMetadata, watch } from '../../kernel/declare.ts';
import { nameOf, onlyThis, targetOf } from '../shared/object-meta.ts';
import { type DefinitionEffect, planDefinition } from './plan-definition.ts';

const says = {
  delete: api('delete', '*'),
  status: apiForMetadata('patch', 'customresourcedefinitions/status'),
  patch: apiForMetadata('patch', 'customresourcedefinitions'),
};
/** Largest number of requests in one run; the next run continues at once. */
const BATCH_MAX = 500;

/** Accepts the names of CustomResourceDefinitions, and deletes the objects of a kind before its definition. */
export const customResourceDefinitionController = defineController({
  name: 'custom-resource-definition',
  hears: { definitions: watch('customresourcedefinitions'), objects: watch('*') },
  wakes: { definitions: nameOf, objects: wokenByObject },
  says,
  plan: (name, { view, say, now }) => {
    const definition = view.get('customresourcedefinitions', undefined, name);
    if (definition === undefined) return {};
    const objects = view.list(name) as readonly KubeObject[];
    const { effects, againInMs } = planDefinition(definition, view.list('customresourcedefinitions'), objects, now());
    const requests = effects.slice(0, BATCH_MAX).map((effect) => requestFor(definition, effect, say));
    const again = effects.length > BATCH_MAX ? 1 : againInMs;
    return { together: requests, ...(again === undefined ? {} : { againInMs: again }) };
  },
});

/** The deletion of a custom object wakes its definition, which has the name of the resource. */
function wokenByObject(_object: KubeObject, { key, after }: Changed): string | undefined {
  const resource = after === undefined && key.includes('=') ? parseKey(key)?.resource : undefined;
  return resource?.includes('.') === true ? resource : undefined;
}

function requestFor(
  definition: CustomResourceDefinition,
  effect: DefinitionEffect,
  say: Says<typeof says>,
): Said<unknown> {
  const { name, uid, resourceVersion } = definition.metadata ?? {};
  switch (effect.type) {
    case 'set-status':
      return say.status({ name }, { metadata: { uid, resourceVersion }, status: effect.status });
    case 'delete-object':
      return say.delete({ resource: name ?? '', ...targetOf(effect.object) }, onlyThis(effect.object));
    case 'set-finalizers':
      return say.patch({ name }, { metadata: { uid, resourceVersion, finalizers: effect.finalizers } });
  }
}
