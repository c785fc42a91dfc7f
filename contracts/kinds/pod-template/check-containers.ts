import type { Container, PodSpec, Volume } from '../kinds.ts';
import type { Findings } from '../validation-findings.ts';

type Lists = 'containers' | 'initContainers' | 'ephemeralContainers';
const LISTS: readonly Lists[] = ['initContainers', 'containers', 'ephemeralContainers'];

/** Calls `visit` for every container of every list, with its path. */
function each(spec: PodSpec, visit: (container: Container, path: string, list: Lists) => void): void {
  for (const list of LISTS) {
    const containers = (spec[list] ?? []) as Container[];
    for (let index = 0; index < containers.length; index++) {
      const container = containers[index];
      if (container !== undefined) visit(container, `${list}[${index}]`, list);
    }
  }
}

function checkNames(spec: PodSpec, findings: Findings): void {
  const seen = new Set<string>();
  each(spec, (container, path) => {
    if (seen.has(container.name)) findings.duplicate(`${path}.name`, container.name);
    if (container.name !== '') seen.add(container.name);
  });
}

/** Two containers of a pod must not use the same host port. */
function checkHostPorts(spec: PodSpec, findings: Findings): void {
  const seen = new Set<string>();
  each(spec, (container, path, list) => {
    if (list !== 'containers') return;
    container.ports?.forEach((port, index) => {
      if (port.hostPort === undefined || port.hostPort === 0) return;
      const at = `${path}.ports[${index}].hostPort`;
      if (spec.hostNetwork === true && port.hostPort !== port.containerPort) {
        findings.invalid(at, port.hostPort, 'must match `containerPort` when `hostNetwork` is true');
      }
      const key = `${port.protocol ?? 'TCP'}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (seen.has(key)) findings.duplicate(at, key);
      seen.add(key);
    });
  });
}

function checkMounts(spec: PodSpec, findings: Findings): void {
  const volumes = new Set((spec.volumes ?? []).map((volume: Volume) => volume.name));
  each(spec, (container, path) => {
    const paths = new Set<string>();
    container.volumeMounts?.forEach((mount, index) => {
      const at = `${path}.volumeMounts[${index}]`;
      if (mount.name !== '' && !volumes.has(mount.name)) findings.notFound(`${at}.name`, mount.name);
      if (paths.has(mount.mountPath)) findings.invalid(`${at}.mountPath`, mount.mountPath, 'must be unique');
      paths.add(mount.mountPath);
    });
  });
}

const FOR_SIDECARS = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** Only an init container that keeps running (a sidecar) may have probes and hooks. */
function checkInitContainers(spec: PodSpec, findings: Findings): void {
  spec.initContainers?.forEach((container, index) => {
    if (container.restartPolicy === 'Always') return;
    for (const field of FOR_SIDECARS) {
      if (container[field] === undefined) continue;
      findings.forbidden(
        `initContainers[${index}].${field}`,
        'may not be set for init containers without restartPolicy=Always',
      );
    }
  });
}

/** Rules about the containers of a pod together. */
export function checkContainers(spec: PodSpec, findings: Findings): void {
  checkNames(spec, findings);
  checkHostPorts(spec, findings);
  checkMounts(spec, findings);
  checkInitContainers(spec, findings);
}
