import type { ApiResource } from '../../messages/api.ts';
import type { Kind } from '../kind.ts';
import type { CustomResourceDefinition } from '../kinds.ts';
import { BUILT_IN, type KindRegistry, kindsOf } from '../registry.ts';

/** The name under which a caller lists what is served. No objects of this resource are stored. */
export const API_RESOURCES = 'apiresources';

/** What the registry serves, for clients. */
export const apiResources = ({ served }: KindRegistry): readonly ApiResource[] =>
  served.map(({ kind, version: { apiVersion, printerColumns } }) => {
    const [version = '', group = ''] = apiVersion.split('/').reverse();
    return {
      name: kind.resource.split('.', 1)[0] ?? '',
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      group,
      version,
      shortNames: kind.shortNames,
      categories: kind.categories,
      subresources: kind.subresources,
      ...(isCustom(kind) ? { additionalPrinterColumns: printerColumns ?? [] } : {}),
    };
  });

const isCustom = ({ resource }: Kind): boolean => resource.includes('.');

/** The kinds that a client knows from discovery: without schemas, but with names and columns. */
export function discoveredKinds(resources: readonly ApiResource[]): KindRegistry {
  const custom = new Map<string, ApiResource[]>();
  for (const resource of resources) {
    if (resource.additionalPrinterColumns === undefined) continue;
    const name = `${resource.name}.${resource.group}`;
    custom.set(name, [...(custom.get(name) ?? []), resource]);
  }
  return custom.size === 0 ? BUILT_IN : kindsOf([...custom].map(([name, versions]) => definitionOf(name, versions)));
}

function definitionOf(name: string, versions: readonly ApiResource[]): CustomResourceDefinition {
  const {
    group,
    kind,
    name: plural,
    singularName: singular,
    namespaced,
    shortNames,
    categories,
  } = versions[0] as ApiResource;
  return {
    metadata: { name },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { plural, singular, kind, shortNames: [...shortNames], categories: [...categories] },
      versions: versions.map(({ version, subresources, additionalPrinterColumns }, at) => ({
        name: version,
        served: true,
        storage: at === 0,
        additionalPrinterColumns: [...(additionalPrinterColumns ?? [])],
        subresources: {
          ...(subresources.includes('status') ? { status: {} } : {}),
          ...(subresources.includes('scale')
            ? { scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } }
            : {}),
        },
      })),
    },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  };
}
