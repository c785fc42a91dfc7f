import type { Container, PodSpec } from '../kinds.ts';
import { bad, type Check, containersOf, named, quotedList } from './check.ts';

/** Capabilities that a container may add; the defaults of container engines. */
const CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];
const SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];

/** "securityContext", of the pod or of containers, whichever break a rule. */
function contexts(
  spec: PodSpec,
  breaks: (context: NonNullable<Container['securityContext']>) => boolean,
): readonly string[] {
  const found: string[] = [];
  if (spec.securityContext !== undefined && breaks(spec.securityContext)) found.push('pod');
  const containers = containersOf(spec).filter(
    ({ securityContext }) => securityContext !== undefined && breaks(securityContext),
  );
  if (containers.length > 0) found.push(named(containers));
  return found;
}

const hostNamespaces: Check = (spec) => {
  const set = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  return set.length === 0 ? undefined : bad('host namespaces', set.map((field) => `${field}=true`).join(', '));
};

const privileged: Check = (spec) => {
  const found = containersOf(spec).filter(({ securityContext }) => securityContext?.privileged === true);
  return found.length === 0
    ? undefined
    : bad('privileged', `${named(found)} must not set securityContext.privileged=true`);
};

const capabilities: Check = (spec) => {
  const added = (container: Container): readonly string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((name) => !CAPABILITIES.includes(name));
  const found = containersOf(spec).filter((container) => added(container).length > 0);
  if (found.length === 0) return undefined;
  const names = quotedList([...new Set(found.flatMap(added))].toSorted());
  return bad(
    'non-default capabilities',
    `${named(found)} must not include ${names} in securityContext.capabilities.add`,
  );
};

const hostPath: Check = (spec) => {
  const found = (spec.volumes ?? []).filter((volume) => volume.hostPath !== undefined).map(({ name }) => name);
  if (found.length === 0) return undefined;
  return bad('hostPath volumes', `volume${found.length > 1 ? 's' : ''} ${quotedList(found)}`);
};

const hostPorts: Check = (spec) => {
  const ports = (container: Container): readonly number[] =>
    (container.ports ?? []).flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [hostPort]));
  const found = containersOf(spec).filter((container) => ports(container).length > 0);
  if (found.length === 0) return undefined;
  const all = [...new Set(found.flatMap(ports))].toSorted((a, b) => a - b);
  return bad(
    'hostPort',
    `${named(found)} use${found.length > 1 ? '' : 's'} hostPort${all.length > 1 ? 's' : ''} ${all.join(', ')}`,
  );
};

const procMount: Check = (spec) => {
  const found = containersOf(spec).filter(
    ({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default',
  );
  return found.length === 0
    ? undefined
    : bad('procMount', `${named(found)} must not set securityContext.procMount to "Unmasked"`);
};

const seccomp: Check = (spec) => {
  const found = contexts(spec, ({ seccompProfile }) => seccompProfile?.type === 'Unconfined');
  if (found.length === 0) return undefined;
  return bad(
    'seccompProfile',
    `${found.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`,
  );
};

const appArmor: Check = (spec) => {
  const found = contexts(spec, ({ appArmorProfile }) => appArmorProfile?.type === 'Unconfined');
  if (found.length === 0) return undefined;
  return bad('forbidden AppArmor profile', `${found.join(' and ')} must not set AppArmor profile type to "Unconfined"`);
};

const seLinux: Check = (spec) => {
  const found = contexts(spec, ({ seLinuxOptions }) => {
    const { type = '', user = '', role = '' } = seLinuxOptions ?? {};
    return !SELINUX_TYPES.includes(type) || user !== '' || role !== '';
  });
  return found.length === 0
    ? undefined
    : bad('seLinuxOptions', `${found.join(' and ')} set forbidden securityContext.seLinuxOptions`);
};

const sysctls: Check = (spec) => {
  const found = (spec.securityContext?.sysctls ?? [])
    .map(({ name }) => name.replaceAll('/', '.'))
    .filter((name) => !SYSCTLS.includes(name));
  return found.length === 0 ? undefined : bad('forbidden sysctls', found.join(', '));
};

const probeHosts: Check = (spec) => {
  const hosts = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container) =>
    [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].some(
      (handler) => (handler?.httpGet?.host ?? handler?.tcpSocket?.host ?? '') !== '',
    );
  const found = containersOf(spec).filter(hosts);
  return found.length === 0
    ? undefined
    : bad('probe or lifecycle host', `${named(found)} must not set a host in probes or lifecycle hooks`);
};

/** What no ordinary workload needs, and what gives power over the node. @see kubernetes pod-security-admission/policy */
export const BASELINE: readonly Check[] = [
  appArmor,
  capabilities,
  hostNamespaces,
  hostPath,
  hostPorts,
  privileged,
  procMount,
  seccomp,
  seLinux,
  sysctls,
  probeHosts,
];
