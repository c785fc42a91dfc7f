import type { KubeObject } from '../kinds/kinds.ts';
import { BUILT_IN } from '../kinds/registry.ts';
import { type Key, parseKey } from './keys.ts';

/** The content of a key in the objects or events bucket. */
export interface Stored {
  /** Absent: the object was deleted, or the content is not an object of this key. */
  readonly object?: KubeObject;
  /** Why the content is not accepted as an object of this key. */
  readonly foreign?: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Decodes a message of a bucket. Only api-servers may write there, but a client can make the server itself store an answer
 * by giving a subject of the bucket as reply subject. Such bytes count as absent everywhere, and a create may replace them.
 * Pure.
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
  // The kind of a custom resource is not known here: its definition may come after it.
  const wanted = BUILT_IN.byResource(parts.resource)?.kind;
  if (wanted !== undefined && kind !== wanted) return { foreign: `its kind is ${String(kind)}, not ${wanted}` };
  const { name, namespace = parts.namespace } = metadata ?? {};
  if (name !== parts.name || namespace !== parts.namespace) return { foreign: `it is ${namespace}/${String(name)}` };
  return { object };
}
