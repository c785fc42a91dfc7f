import { defineKind } from '../kind.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionNames } from '../kinds.ts';
import { AGE, column, NAME } from '../meta/columns.ts';
import { FINALIZER } from '../meta/check-meta.ts';
import { firstGeneration, keepStatus, nextGeneration } from '../meta/system-fields.ts';
import { dnsSubdomain } from '../name-formats.ts';
import { checkDefinition, checkDefinitionUpdate } from './check-definition.ts';

export const customResourceDefinitionKind = defineKind<CustomResourceDefinition>({
  resource: 'customresourcedefinitions',
  singular: 'customresourcedefinition',
  kind: 'CustomResourceDefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  subresources: ['status'],
  apiVersion: 'apiextensions.k8s.io/v1',
  columns: [NAME, column('CREATED AT', ({ metadata }) => metadata?.creationTimestamp ?? ''), { ...AGE, priority: 1 }],
  defaults: {
    CustomResourceDefinitionSpec: { conversion: { strategy: 'None' } },
    CustomResourceDefinitionNames: {
      singular: ({ kind }: CustomResourceDefinitionNames) => kind.toLowerCase(),
      listKind: ({ kind }: CustomResourceDefinitionNames) => `${kind}List`,
    },
    CustomResourceColumnDefinition: { priority: 0 },
  },
  nameFormat: dnsSubdomain,
  prepareForCreate: (definition) => {
    firstGeneration(definition);
    delete definition.status;
    const finalizers = definition.metadata?.finalizers ?? [];
    if (!finalizers.includes(FINALIZER.definition))
      definition.metadata = { ...definition.metadata, finalizers: [...finalizers, FINALIZER.definition] };
  },
  prepareForUpdate: (definition, old) => {
    keepStatus(definition, old);
    nextGeneration(definition, old);
  },
  checkCreate: checkDefinition,
  checkUpdate: checkDefinitionUpdate,
});
