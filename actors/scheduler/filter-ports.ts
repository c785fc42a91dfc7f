import type { Filter } from './plugin.ts';
import type { Load } from './resource-load.ts';

/** A host port belongs to one pod a node; the address 0.0.0.0 stands for all of them. */
export const filterPorts: Filter = (pod, _node, used) =>
  pod.load.hostPorts.size > 0 && clash(pod.load.hostPorts, used.hostPorts)
    ? "node(s) didn't have free ports for the requested pod ports"
    : undefined;

type Ports = Load['hostPorts'];
const EVERYWHERE = '0.0.0.0';

/** Each port is looked at once: a pod may have thousands, and a node may have given away as many. */
function clash(wanted: Ports, taken: Ports): boolean {
  const everywhere = new Set<string>();
  for (const key of wanted.keys()) {
    const [protocol, ip, port] = key.split('/');
    if (taken.has(key) || taken.has(`${protocol}/${EVERYWHERE}/${port}`)) return true;
    if (ip === EVERYWHERE) everywhere.add(`${protocol}/${port}`);
  }
  if (everywhere.size === 0) return false;
  for (const key of taken.keys()) {
    const [protocol, , port] = key.split('/');
    if (everywhere.has(`${protocol}/${port}`)) return true;
  }
  return false;
}
