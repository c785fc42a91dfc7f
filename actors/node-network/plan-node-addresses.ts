import type { Node } from '../../contracts/kinds/kinds.ts';
import { isTrue } from '../../contracts/kinds/meta/conditions.ts';
import type { NodeAddress } from '../../contracts/messages/node.ts';

/**
 * The table of nodes that a node's network is made from: where each can be reached, and which pod addresses it has. Pure; in
 * the order of names.
 */
export const planNodeAddresses = (nodes: readonly Node[]): readonly NodeAddress[] =>
  nodes
    .map(({ metadata, spec, status }) => ({
      name: metadata?.name ?? '',
      addresses: (status?.addresses ?? []).flatMap(({ type, address }) => (type === 'InternalIP' ? [address] : [])),
      podCIDRs: spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]),
      ready: isTrue(status, 'Ready'),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
