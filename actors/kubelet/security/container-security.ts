import type { AppArmorProfile, Container, Pod, SeccompProfile } from '../../../contracts/kinds/kinds.ts';
import type { ContainerSecurity, NamespaceMode } from '../../../contracts/runtime/security.ts';

/** Why a container must not run as it is, in Kubernetes' words. */
export interface SecurityError {
  readonly error: string;
}

/**
 * What a container's processes may do: the container's security context, and the pod's where that says nothing. Pure.
 * @see kubernetes pkg/securitycontext/util.go: DetermineEffectiveSecurityContext
 */
export function containerSecurity(pod: Pod, container: Container): ContainerSecurity | SecurityError | undefined {
  const ofPod = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  const user = own.runAsUser ?? ofPod.runAsUser;
  const group = own.runAsGroup ?? ofPod.runAsGroup;
  const nonRoot = (own.runAsNonRoot ?? ofPod.runAsNonRoot) === true;
  if (nonRoot && user === 0) {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
    return { error: `container's runAsUser breaks non-root policy ${where}` };
  }
  const groups = [...(ofPod.supplementalGroups ?? []), ...(ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup])];
  const { add = [], drop = [] } = own.capabilities ?? {};
  const seccomp = seccompOf(own.seccompProfile ?? ofPod.seccompProfile);
  const appArmor = appArmorOf(own.appArmorProfile ?? ofPod.appArmorProfile);
  const found: ContainerSecurity = {
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(nonRoot && user === undefined ? { nonRoot } : {}),
    ...(own.privileged === true ? { privileged: true } : {}),
    ...(add.length === 0 ? {} : { addCapabilities: add.map(capability) }),
    ...(drop.length === 0 ? {} : { dropCapabilities: drop.map(capability) }),
    ...(own.allowPrivilegeEscalation === false ? { noNewPrivileges: true } : {}),
    ...(own.readOnlyRootFilesystem === true ? { readOnlyRootFilesystem: true } : {}),
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(appArmor === undefined ? {} : { appArmor }),
    ...(own.procMount === 'Unmasked' ? { unmaskedProc: true } : {}),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}

const capability = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');

function seccompOf(profile: SeccompProfile | undefined): ContainerSecurity['seccomp'] {
  if (profile === undefined) return undefined;
  const { type, localhostProfile = '' } = profile;
  if (type === 'Localhost') return { type, localhost: localhostProfile };
  return type === 'Unconfined' || type === 'RuntimeDefault' ? { type } : undefined;
}

function appArmorOf(profile: AppArmorProfile | undefined): string | undefined {
  if (profile?.type === 'Localhost') return profile.localhostProfile;
  return profile?.type === 'Unconfined' ? 'unconfined' : undefined; // the engine's own profile is its default
}

/** Whose processes a pod's containers see. Pure. */
export function processMode({ spec }: Pod): NamespaceMode {
  if (spec?.hostPID === true) return 'node';
  return spec?.shareProcessNamespace === true ? 'pod' : 'container';
}
