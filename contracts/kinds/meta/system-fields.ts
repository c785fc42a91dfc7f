import { sameValue } from '../../json-values.ts';
import type { KubeObject } from '../kinds.ts';

type WithSpec = KubeObject & { spec?: unknown };

/** A new object's `metadata.generation` is 1. */
export function firstGeneration(object: KubeObject): void {
  object.metadata = { ...object.metadata, generation: 1 };
}

/** Raises `metadata.generation` when the spec has changed, or when `also` says that other desired state has. */
export function nextGeneration(object: WithSpec, old: WithSpec, also = false): void {
  const before = old.metadata?.generation ?? 1;
  const changed = also || !sameValue(object.spec, old.spec);
  object.metadata = { ...object.metadata, generation: changed ? before + 1 : before };
}

/** Restores the old status: a write to the main resource must not change it. */
export function keepStatus<T extends { status?: unknown }>(object: T, old: T): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
}
