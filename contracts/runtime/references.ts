/** Identifies the pod that a sandbox or container belongs to. */
export interface PodRef {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** A Secret that the runtime driver fetches. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
  /** A missing secret or key is skipped; otherwise it is refused with cause CreateContainerConfigError. */
  readonly optional?: boolean;
}
