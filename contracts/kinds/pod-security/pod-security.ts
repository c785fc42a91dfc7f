import type { PodSpec } from '../kinds.ts';
import { BASELINE } from './baseline.ts';
import type { Violation } from './check.ts';
import { RESTRICTED } from './restricted.ts';

export const SECURITY_LABEL = 'pod-security.kubernetes.io/';
/** Kubernetes' Pod Security Standards, the widest first. */
export const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof LEVELS)[number];
export type Mode = 'enforce' | 'warn' | 'audit';

/** The level that a namespace's labels ask for; `privileged` without a label. An unknown one counts as the strictest. */
export function levelOf(labels: Readonly<Record<string, string>> = {}, mode: Mode): Level {
  const asked = labels[`${SECURITY_LABEL}${mode}`];
  if (asked === undefined) return 'privileged';
  return LEVELS.find((level) => level === asked) ?? 'restricted';
}

/** Rules of `baseline` that `restricted` has in a stricter form. */
const STRICTER = ['non-default capabilities', 'hostPath volumes'];

function violations(spec: PodSpec, level: Level): readonly Violation[] {
  if (level === 'privileged') return [];
  const found = BASELINE.flatMap((check) => check(spec) ?? []);
  if (level === 'baseline') return found;
  const more = RESTRICTED.flatMap((check) => check(spec) ?? []);
  const reasons = new Set([...STRICTER, ...more.map(({ reason }) => reason)]);
  return [...found.filter(({ reason }) => !reasons.has(reason)), ...more];
}

/** What a pod violates at a level, in Kubernetes' words; `undefined` for nothing. Pure. */
export function violated(spec: PodSpec, level: Level): string | undefined {
  const found = violations(spec, level);
  if (found.length === 0) return undefined;
  return `violates PodSecurity "${level}:latest": ${found.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')}`;
}
