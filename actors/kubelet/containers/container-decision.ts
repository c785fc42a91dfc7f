import type { SandboxStatus } from '../../../contracts/runtime/status.ts';
import type { ContainerRecord, PodVerb, PresentPod } from '../pods/pod-types.ts';

/** What is to be done about one container next. Exactly one of `verb`, `wait`, `runs`, `ended` is set. */
export interface Decision {
  readonly verb?: PodVerb;
  /** Nothing can be asked now; the pod's status shows this reason. */
  readonly wait?: { readonly reason: string; readonly message?: string };
  /** When waiting ends, where that is known; milliseconds since the Unix epoch. */
  readonly until?: number;
  readonly runs?: true;
  /** It will not be started again. */
  readonly ended?: { readonly exitCode: number };
  readonly record?: ContainerRecord;
}

export interface ContainerContext {
  readonly input: PresentPod;
  /** The sandbox in which new attempts start; `undefined` while there is none. */
  readonly sandbox: SandboxStatus | undefined;
  readonly graceMs: number;
}
