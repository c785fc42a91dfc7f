import type { Filter } from './filter.ts';

/** A host port belongs to one pod a node; the address 0.0.0.0 stands for all of them. */
export const filterPorts: Filter = (pod, _node, used) => {
  for (const wanted of pod.load.hostPorts.keys()) {
    const [protocol, ip, port] = wanted.split('/');
    for (const taken of used.hostPorts.keys()) {
      const [otherProtocol, otherIp, otherPort] = taken.split('/');
      const sameIp = ip === otherIp || ip === '0.0.0.0' || otherIp === '0.0.0.0';
      if (port === otherPort && protocol === otherProtocol && sameIp)
        return "node(s) didn't have free ports for the requested pod ports";
    }
  }
  return undefined;
};
