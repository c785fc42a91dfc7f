import { MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Client } from '../../client/client.ts';
import { pause } from '../../client/pause.ts';

/** For whoever answers now but was told to end. */
const PATIENCE_MS = 3_000;
const AGAIN_MS = 200;
/** Asked without a name of an image, which a worker refuses by itself, at once: its engine may take long to answer anything. */
const REFUSED_OP = 'imageStatus';
/** Of a machine that lost its power the broker waits for answers longer than that. */
const ANSWER_MS = 2_000;

/**
 * Asks whether a worker of this name runs already: two would each run every pod of the node, and each be asked for what the other
 * has. Costs one round trip when none does.
 * @throws StatusError AlreadyExists while one answers
 */
export async function expectNodeFree(client: Client, node: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  let answered = false;
  for (;;) {
    const found = await look(client, node);
    if (found === 'nobody' || (found === 'silence' && !answered)) return;
    answered = true;
    if (performance.now() >= giveUpAt) break;
    await pause(AGAIN_MS);
  }
  throw statusError(
    'AlreadyExists',
    `start worker ${node}: another worker answers for node ${node} already; stop that one, or give this one a name of its own with --node`,
  );
}

async function look(client: Client, node: string): Promise<'somebody' | 'nobody' | 'silence'> {
  const subject = SUBJECTS.runtime.subject(client.prefix, { node, op: REFUSED_OP });
  try {
    await client.ask(subject, new Uint8Array(), MSGPACK_TYPE, { timeoutMs: ANSWER_MS });
    return 'somebody';
  } catch (error) {
    return error instanceof StatusError && error.reason === 'Timeout' ? 'silence' : 'nobody';
  }
}
