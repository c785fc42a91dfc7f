import type { Pod } from '../../../contracts/kinds/kinds.ts';

/** Settings that cannot harm other pods. @see kubernetes pkg/kubelet/sysctl/safe_sysctls.go */
const SAFE = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
];

/** Why a pod's sysctls are refused, in Kubernetes' words; `undefined` when they are not. Pure. */
export function refusedSysctl({ spec }: Pod): string | undefined {
  for (const { name } of spec?.securityContext?.sysctls ?? []) {
    const dotted = name.replaceAll('/', '.');
    if (!SAFE.includes(dotted)) return `forbidden sysctl: "${dotted}" not allowlisted`;
    if (dotted.startsWith('net.') && spec?.hostNetwork === true)
      return `forbidden sysctl: "${dotted}" not allowed with host net enabled`;
    if (dotted.startsWith('kernel.') && spec?.hostIPC === true)
      return `forbidden sysctl: "${dotted}" not allowed with host ipc enabled`;
  }
  return undefined;
}
