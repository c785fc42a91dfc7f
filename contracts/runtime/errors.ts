import { type Status, StatusError, type StatusReason, statusError } from '../errors/status.ts';

/** Kubernetes' reasons for a waiting container, or for a pod without its volumes: the `reason` of the first cause in a runtime's refusal. */
export const RUNTIME_CAUSES = [
  'ErrImagePull',
  'InvalidImageName',
  'ImageNotPresent',
  'CreatePodSandboxError',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'FailedMount',
] as const;
export type RuntimeCause = (typeof RUNTIME_CAUSES)[number];

/** A runtime's refusal. @param message the operation, the finding in the engine's or registry's words, and the remedy */
export const runtimeError = (reason: StatusReason, cause: RuntimeCause, message: string, field = ''): StatusError =>
  statusError(reason, message, { causes: [{ reason: cause, message, field }] });

/** The waiting reason in a refusal; `undefined` when it has none (engine unreachable, bad request). */
export function runtimeCause(refusal: Status | StatusError): RuntimeCause | undefined {
  const status = refusal instanceof StatusError ? refusal.status : refusal;
  const reason = status.details?.causes?.[0]?.reason;
  return RUNTIME_CAUSES.find((cause) => cause === reason);
}
