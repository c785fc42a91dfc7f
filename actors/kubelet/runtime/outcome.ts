import { own } from '../../../contracts/json-values.ts';
import { failedAgain } from '../containers/crash-loop-backoff.ts';
import type { ContainerRecord, Failure, PodLevel, PodNote, PodState, PodVerb } from '../pods/pod-types.ts';

/** What the kubelet knows of a pod besides the pod itself. */
export interface KnownPod {
  readonly level: PodLevel;
  readonly state: PodState;
}
/** What the kubelet knows of a pod after a request to the runtime, and the events to record. */
export interface Outcome extends KnownPod {
  readonly notes: readonly PodNote[];
  /** The pod's state is unknown until the next list; until then nothing may be planned. */
  readonly relist?: boolean;
  /** An image that is on the node. */
  readonly image?: { readonly name: string; readonly id: string };
  /** An image that was believed to be on the node, and is not. */
  readonly lostImage?: string;
}

export type VerbOf<K extends PodVerb['op']> = Extract<PodVerb, { op: K }>;

export const withRecord = (
  state: PodState,
  name: string,
  change: (record: ContainerRecord) => ContainerRecord,
): PodState => ({
  ...state,
  containers: { ...state.containers, [name]: change(own(state.containers, name) ?? {}) },
});

/** Counts one more failure of a container. @param cause the image or Secrets that failed: others do not wait */
export const withFailure = (
  state: PodState,
  name: string,
  { reason, message, now }: { readonly reason: string; readonly message: string; readonly now: number },
  cause: Pick<Failure, 'image' | 'secrets'> = {},
  mostMs?: number,
): PodState =>
  withRecord(state, name, (record) => ({
    ...record,
    failure: { ...failedAgain(record.failure, reason, message, now, mostMs, mostMs), ...cause },
  }));

export const without = <T, K extends keyof T>(value: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = value;
  return rest;
};

export const normalNote = (container: string, reason: string, message: string): PodNote => ({
  type: 'Normal',
  reason,
  message,
  container,
});
export const failedNote = (container: string, message: string, reason = 'Failed'): PodNote => ({
  type: 'Warning',
  reason,
  message,
  container,
});
