import { ignoreElements, map, merge } from 'rxjs';
import { type Status, StatusError, statusError } from '../../contracts/errors/status.ts';
import { isPlain } from '../../contracts/json-values.ts';
import type { NodeAddresses } from '../../contracts/messages/node.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Call, View } from '../kernel/contract.ts';
import { type ActorDefinition, calls, defineActor, watch } from '../kernel/declare.ts';
import { planNodeAddresses } from './plan-node-addresses.ts';

export interface NodeNetworkOptions {
  readonly node: string;
}

/** Knows the addresses of all nodes, from a view of the Nodes alone, and answers requests for them. */
export function nodeNetwork({ node }: NodeNetworkOptions): ActorDefinition {
  return defineActor({
    name: 'node-network',
    config: { node },
    hears: {
      nodes: watch('nodes', { concerns: () => false }), // answers come from the view
      asked: calls(SUBJECTS.nodeNetwork, { fixed: { node } }),
    },
    says: {},
    behave: (inputs, world) =>
      merge(
        inputs.nodes.pipe(ignoreElements()),
        inputs.asked.pipe(map((call) => world.reply(call, answerTo(call, world.view)))),
      ),
  });
}

/** A request has no options; one that cannot be read is refused. */
function answerTo(call: Call, view: View): NodeAddresses | Status {
  try {
    if (call.bytes.length > 0 && !isPlain(call.decode()))
      throw statusError('BadRequest', `ask on ${call.subject}: the body must be empty or an object`);
    return { nodes: planNodeAddresses(view.list('nodes')) };
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
}
