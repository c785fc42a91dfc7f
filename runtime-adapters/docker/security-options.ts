import type { HostConfig } from 'dockerode';
import type { ContainerSecurity } from '../../contracts/runtime/security.ts';

/** What the engine must be told besides the container's own request. */
export interface SecurityFacts {
  /** `USER` of the image. */
  readonly imageUser: string;
  /** The content of the seccomp profile `localhost`. */
  readonly seccompProfile?: string;
}

/** The engine's options for what a container's processes may do. Pure. */
export function securityOptions(
  security: ContainerSecurity = {},
  facts: SecurityFacts = { imageUser: '' },
): { readonly User?: string; readonly HostConfig: Partial<HostConfig> } {
  const { groups = [], addCapabilities = [], dropCapabilities = [] } = security;
  const user = userOf(security, facts);
  const options = securityOpt(security, facts);
  return {
    ...(user === undefined ? {} : { User: user }),
    HostConfig: {
      ...(groups.length === 0 ? {} : { GroupAdd: groups.map(String) }),
      ...(security.privileged === true ? { Privileged: true } : {}),
      ...(addCapabilities.length === 0 ? {} : { CapAdd: [...addCapabilities] }),
      ...(dropCapabilities.length === 0 ? {} : { CapDrop: [...dropCapabilities] }),
      ...(security.readOnlyRootFilesystem === true ? { ReadonlyRootfs: true } : {}),
      ...(security.unmaskedProc === true ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
      ...(options.length === 0 ? {} : { SecurityOpt: options }),
    },
  };
}

function userOf({ user, group }: ContainerSecurity, { imageUser }: SecurityFacts): string | undefined {
  if (user === undefined && group === undefined) return undefined;
  const name = user === undefined ? (imageUser.split(':', 1)[0] ?? '') : String(user);
  return group === undefined ? name : `${name === '' ? '0' : name}:${group}`;
}

function securityOpt(
  { noNewPrivileges, seccomp, appArmor }: ContainerSecurity,
  { seccompProfile }: SecurityFacts,
): string[] {
  return [
    ...(noNewPrivileges === true ? ['no-new-privileges'] : []),
    ...(seccomp?.type === 'Unconfined' ? ['seccomp=unconfined'] : []),
    ...(seccomp?.type === 'Localhost' ? [`seccomp=${seccompProfile ?? ''}`] : []),
    ...(appArmor === undefined ? [] : [`apparmor=${appArmor}`]),
  ];
}

/** Why a container must not run as its image's user, in Kubernetes' words; `undefined` when it may. Pure. */
export function refusedUser(
  imageUser: string,
  {
    pod,
    name,
  }: {
    readonly pod: { readonly uid: string; readonly namespace: string; readonly name: string };
    readonly name: string;
  },
): string | undefined {
  const user = imageUser.split(':', 1)[0] ?? '';
  const where = `(pod: "${pod.name}_${pod.namespace}(${pod.uid})", container: ${name})`;
  if (user === '' || /^0+$/.test(user)) return `container has runAsNonRoot and image will run as root ${where}`;
  if (/^\d+$/.test(user)) return undefined;
  return `container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root ${where}`;
}
