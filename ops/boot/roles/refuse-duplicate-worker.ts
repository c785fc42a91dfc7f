import { MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Client } from '../../client/client.ts';
import { pause } from '../../client/pause.ts';

/** A worker that answers now may be about to stop: it is asked again for this long. */
const WAIT_MS = 3_000;
const AGAIN_MS = 200;
/** A request without an image name: the worker refuses it at once by itself, while its engine may take long to answer anything. */
const REFUSED_OP = 'imageStatus';
/** When a machine has lost its power, the broker goes on waiting for its answers longer than this. */
const ANSWER_MS = 2_000;

/**
 * Checks that no other worker answers for this node: two workers would both run every pod of the node, and requests would reach
 * either of them. Costs one round trip when there is none.
 * @throws StatusError AlreadyExists when another worker still answers after 3 s
 */
export async function refuseDuplicateWorker(client: Client, node: string): Promise<void> {
  const giveUpAt = performance.now() + WAIT_MS;
  let answered = false;
  for (;;) {
    const found = await look(client, node);
    if (found === 'none' || (found === 'silence' && !answered)) return;
    answered = true;
    if (performance.now() >= giveUpAt) break;
    await pause(AGAIN_MS);
  }
  throw statusError(
    'AlreadyExists',
    `start worker ${node}: another worker already runs node ${node}; stop it, or choose another name for this one with --node`,
  );
}

async function look(client: Client, node: string): Promise<'worker' | 'none' | 'silence'> {
  const subject = SUBJECTS.runtime.subject(client.prefix, { node, op: REFUSED_OP });
  try {
    await client.ask(subject, new Uint8Array(), MSGPACK_TYPE, { timeoutMs: ANSWER_MS });
    return 'worker';
  } catch (error) {
    return error instanceof StatusError && error.reason === 'Timeout' ? 'silence' : 'none';
  }
}
