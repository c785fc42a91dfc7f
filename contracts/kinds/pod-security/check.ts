import type { Container, PodSpec } from '../kinds.ts';

/** A rule that a pod breaks: its name, and what breaks it. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}
/** Whether a pod breaks one rule. Pure. */
export type Check = (spec: PodSpec) => Violation | undefined;

export const bad = (reason: string, detail: string): Violation => ({ reason, detail });

export const containersOf = (spec: PodSpec): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...((spec.ephemeralContainers ?? []) as Container[]),
];

export const quotedList = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

/** `container "a"`, `containers "a", "b"`. */
export const named = (containers: readonly Container[]): string =>
  `container${containers.length > 1 ? 's' : ''} ${quotedList(containers.map(({ name }) => name))}`;
