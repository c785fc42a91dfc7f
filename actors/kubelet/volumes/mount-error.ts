/** Why a volume cannot be made, in Kubernetes' words. */
export class MountError extends Error {}
