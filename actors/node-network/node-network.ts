import { ignoreElements, map, merge } from 'rxjs';
import type { KubeObject, Node } from '../../contracts/kinds/kinds.ts';
import { sameValue } from '../../contracts/json-values.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Changed } from '../kernel/contract.ts';
import { type ActorDefinition, calls, defineActor, watch } from '../kernel/declare.ts';
import { planNodeAddresses } from './plan-node-addresses.ts';

export interface NodeNetworkOptions {
  readonly node: string;
}

const tableOf = (object: KubeObject | undefined): unknown =>
  object === undefined ? undefined : planNodeAddresses([object as Node]);

/** A Node's heartbeat conditions change often, its addresses rarely. */
const movesAddresses = ({ before, after }: Changed<Node>): boolean => !sameValue(tableOf(before), tableOf(after));

/** Knows the addresses of all nodes, from a view of the Nodes alone, and tells them to whoever asks. */
export function nodeNetwork({ node }: NodeNetworkOptions): ActorDefinition {
  return defineActor({
    name: 'node-network',
    config: { node },
    hears: {
      nodes: watch('nodes', { concerns: movesAddresses }),
      asked: calls(SUBJECTS.nodeNetwork, { fixed: { node } }),
    },
    says: {},
    behave: (inputs, world) =>
      merge(
        inputs.nodes.pipe(ignoreElements()),
        inputs.asked.pipe(map((call) => world.reply(call, { nodes: planNodeAddresses(world.view.list('nodes')) }))),
      ),
  });
}
