import type { KubeObject } from '../kinds/kinds.ts';
import { kindByResource } from '../kinds/registry.ts';
import { type Key, parseKey } from './keys.ts';

/** What lies under a key of a bucket of objects. */
export interface Stored {
  /** Absent: the object was deleted, or what lies there is no object of this key. */
  readonly object?: KubeObject;
  /** Why what lies there is not taken for an object of this key. */
  readonly foreign?: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads what a message of a bucket holds. Only api-servers write there, but the server itself stores what somebody has it
 * answer on a subject of the bucket: such bytes count as nothing, everywhere alike, and a create may follow them. Pure.
 */
export function readStored(key: Key, data: Uint8Array): Stored {
  if (data.length === 0) return {};
  const parts = parseKey(key);
  if (parts === undefined) return { foreign: 'not a store key' };
  let object: KubeObject;
  try {
    object = JSON.parse(utf8.decode(data)) as KubeObject;
  } catch {
    return { foreign: 'not JSON' };
  }
  if (typeof object !== 'object' || object === null) return { foreign: 'not an object' };
  const { kind, metadata } = object;
  const wanted = kindByResource(parts.resource)?.kind;
  if (wanted !== undefined && kind !== wanted) return { foreign: `its kind is ${String(kind)}, not ${wanted}` };
  const { name, namespace = parts.namespace } = metadata ?? {};
  if (name !== parts.name || namespace !== parts.namespace) return { foreign: `it is ${namespace}/${String(name)}` };
  return { object };
}
