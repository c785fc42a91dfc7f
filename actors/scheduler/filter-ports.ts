import type { Filter } from './plugin.ts';
import type { Load } from '../../contracts/kinds/pod/pod-load.ts';

/** A host port can be used by one pod per node; the address 0.0.0.0 covers all addresses. */
export const filterPorts: Filter = (pod, _node, used) =>
  pod.load.hostPorts.size > 0 && clash(pod.load.hostPorts, used.hostPorts)
    ? "node(s) didn't have free ports for the requested pod ports"
    : undefined;

type Ports = Load['hostPorts'];
const ANY_ADDRESS = '0.0.0.0';

/** Looks at each port once: a pod may want thousands, and as many may be taken on the node. */
function clash(wanted: Ports, taken: Ports): boolean {
  const onAnyAddress = new Set<string>();
  for (const key of wanted.keys()) {
    const [protocol, ip, port] = key.split('/');
    if (taken.has(key) || taken.has(`${protocol}/${ANY_ADDRESS}/${port}`)) return true;
    if (ip === ANY_ADDRESS) onAnyAddress.add(`${protocol}/${port}`);
  }
  if (onAnyAddress.size === 0) return false;
  for (const key of taken.keys()) {
    const [protocol, , port] = key.split('/');
    if (onAnyAddress.has(`${protocol}/${port}`)) return true;
  }
  return false;
}
