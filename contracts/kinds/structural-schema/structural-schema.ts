import { isPlain, own } from '../../json-values.ts';
import type { JSONSchemaProps } from '../kinds.ts';

/**
 * Kubernetes' structural schemas: the part of OpenAPI v3, with its `x-kubernetes-` extensions, that describes custom
 * resources. The functions of this folder interpret a schema that passed `checkStructural`.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export type StructuralSchema = JSONSchemaProps;

export const itemsOf = ({ items }: StructuralSchema): StructuralSchema | undefined =>
  isPlain(items) ? (items as StructuralSchema) : undefined;

/** The schema of the values of a map. */
export const valuesOf = ({ additionalProperties }: StructuralSchema): StructuralSchema | undefined =>
  isPlain(additionalProperties) ? (additionalProperties as StructuralSchema) : undefined;

export const propertyOf = (schema: StructuralSchema, name: string): StructuralSchema | undefined =>
  own(schema.properties, name) ?? valuesOf(schema);

/** Does the schema accept fields that it does not name? */
export const preservesUnknown = (schema: StructuralSchema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;

export const isEmbedded = (schema: StructuralSchema): boolean => schema['x-kubernetes-embedded-resource'] === true;

/** The fields that every object has; they have Kubernetes' own types, whatever a schema says of them. */
export const OBJECT_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);
