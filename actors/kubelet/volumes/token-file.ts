import type { Pod, ServiceAccountTokenProjection } from '../../../contracts/kinds/kinds.ts';
import type { TokenFile } from '../../../contracts/runtime/volumes.ts';

const SECONDS = 3600;
const PRIVATE = 0o600;

/**
 * The file of a pod's ServiceAccount token. Only the user of all containers may read it, if they have one in common; with an
 * fsGroup, that group too. Pure.
 * @see kubernetes pkg/volume/projected/projected.go
 */
export function tokenFile(
  { metadata, spec }: Pod,
  { path, audience, expirationSeconds = SECONDS }: ServiceAccountTokenProjection,
  defaultMode: number,
): TokenFile {
  const ownerUid = commonUser(spec);
  const isPrivate = ownerUid !== undefined || spec?.securityContext?.fsGroup !== undefined;
  return {
    namespace: metadata?.namespace ?? '',
    serviceAccount: spec?.serviceAccountName ?? 'default',
    path,
    expirationSeconds,
    mode: isPrivate ? PRIVATE : defaultMode,
    ...(audience === undefined || audience === '' ? {} : { audience }),
    ...(ownerUid === undefined ? {} : { ownerUid }),
  };
}

function commonUser(spec: Pod['spec']): number | undefined {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const users = new Set(containers.map((one) => one.securityContext?.runAsUser ?? spec?.securityContext?.runAsUser));
  const [user] = users;
  return users.size === 1 ? user : undefined;
}
