import { isPlain } from '../../../contracts/json-values.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { STORE_HEADER } from '../../../contracts/store/stored-headers.ts';
import type { Call } from '../../kernel/contract.ts';
import { atRevision, type Obj } from '../object.ts';
import { EVENTS } from '../read/read-events.ts';
import type { Transition } from './plan-watch.ts';

/** A message of the events' bucket; `undefined` when it is not understood. */
export function transitionOf(call: Call): (Transition & { readonly key: string }) | undefined {
  const revision = Number(call.headers['Nats-Sequence']);
  const { namespace = '', name = '' } = (call.tokens ?? {}) as { readonly namespace?: string; readonly name?: string };
  if (!Number.isSafeInteger(revision) || name === '') return undefined;
  const key = storeKey(EVENTS, namespace, name);
  const told = beforeIn(call);
  if (call.bytes.length === 0)
    return { key, revision, before: told ?? { apiVersion: 'v1', kind: 'Event', metadata: { name, namespace } } };
  const object = objectIn(call);
  if (object === undefined) return undefined;
  const after = atRevision(object, revision);
  const isFirst = (call.headers['Nats-Last-Sequence'] ?? '0') === '0';
  return isFirst ? { key, revision, after } : { key, revision, before: told ?? after, after };
}

function objectIn(call: Call): Obj | undefined {
  try {
    const object = call.decode();
    return isPlain(object) && isPlain(object['metadata']) ? (object as Obj) : undefined;
  } catch {
    return undefined; // not ours: only the store writes there
  }
}

/** What selectors looked at in the event before, where its writer said so: else they find the same in the one of now. */
function beforeIn({ headers }: Call): Obj | undefined {
  try {
    const before: unknown = JSON.parse(headers[STORE_HEADER.before] ?? 'null');
    return isPlain(before) && isPlain(before['metadata']) ? (before as Obj) : undefined;
  } catch {
    return undefined;
  }
}

/** Which bookmark is answered; a reader may as well send nothing. */
export function revisionIn(call: Call): number | undefined {
  try {
    const body = call.decode();
    const revision = isPlain(body) ? Number(body['resourceVersion'] ?? Number.NaN) : Number.NaN;
    return Number.isSafeInteger(revision) ? revision : undefined;
  } catch {
    return undefined;
  }
}
