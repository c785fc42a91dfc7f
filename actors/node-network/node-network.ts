import { ignoreElements, map, merge } from 'rxjs';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { type ActorDefinition, calls, defineActor, watch } from '../kernel/declare.ts';
import { planNodeAddresses } from './plan-node-addresses.ts';

export interface NodeNetworkOptions {
  readonly node: string;
}

/** Knows the addresses of all nodes, from a view of the Nodes alone, and tells them to whoever asks. */
export function nodeNetwork({ node }: NodeNetworkOptions): ActorDefinition {
  return defineActor({
    name: 'node-network',
    config: { node },
    hears: {
      nodes: watch('nodes', { concerns: () => false }),
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
