import type { Container, PodSpec, SeccompProfile, SecurityContext } from '../kinds.ts';
import type { Findings } from '../validation-findings.ts';

/** `allowPrivilegeEscalation: false` excludes privileged containers and CAP_SYS_ADMIN. Pure. */
export function checkSecurityContext(context: SecurityContext, findings: Findings): void {
  if (context.allowPrivilegeEscalation !== false) return;
  if (context.privileged === true) {
    findings.invalid('', context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
  }
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN') === true) {
    findings.invalid(
      '',
      context,
      'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
    );
  }
}

export function checkSeccomp({ type, localhostProfile }: SeccompProfile, findings: Findings): void {
  if (type === 'Localhost' && localhostProfile === undefined) {
    findings.required('localhostProfile', 'must be set when seccomp type is Localhost');
  }
  if (type !== 'Localhost' && localhostProfile !== undefined) {
    findings.invalid('localhostProfile', localhostProfile, 'can only be set when seccomp type is Localhost');
  }
}

/** Rules for sharing between a pod's containers and with its node: process namespaces and mount propagation. Pure. */
export function checkSharing(spec: PodSpec, findings: Findings): void {
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    findings.invalid('shareProcessNamespace', true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  }
  const check = (field: string, containers: readonly Container[] = []): void => {
    containers.forEach(({ securityContext, volumeMounts = [] }, at) => {
      volumeMounts.forEach(({ mountPropagation }, index) => {
        if (mountPropagation !== 'Bidirectional' || securityContext?.privileged === true) return;
        findings.forbidden(
          `${field}[${at}].volumeMounts[${index}].mountPropagation`,
          'Bidirectional mount propagation is available only to privileged containers',
        );
      });
    });
  };
  check('initContainers', spec.initContainers);
  check('containers', spec.containers);
}
