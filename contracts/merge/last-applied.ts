import { decodeJson } from '../codec/codec.ts';
import { statusError } from '../errors/status.ts';
import { isPlain, type Plain } from '../json-values.ts';
import type { KubeObject } from '../kinds/kinds.ts';

/** The annotation in which kubectl and Troupe keep the manifest that was last applied. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A Secret's names are needed to detect removed entries; its values must not be recorded. */
const withoutValues = (data: unknown): unknown =>
  isPlain(data) ? Object.fromEntries(Object.keys(data).map((key) => [key, ''])) : data;

function recorded(manifest: Plain): Plain {
  const kept: Plain = { ...manifest };
  delete kept.status;
  if (isPlain(kept.metadata) && isPlain(kept.metadata.annotations)) {
    const annotations = { ...kept.metadata.annotations };
    delete annotations[LAST_APPLIED];
    kept.metadata = { ...kept.metadata, annotations };
  }
  if (manifest.kind !== 'Secret') return kept;
  if (kept.data !== undefined) kept.data = withoutValues(kept.data);
  if (kept.stringData !== undefined) {
    kept.data = { ...(isPlain(kept.data) ? kept.data : {}), ...(withoutValues(kept.stringData) as Plain) };
    delete kept.stringData;
  }
  return kept;
}

/** @throws StatusError BadRequest when it is nested too deep to be encoded, which is far deeper than any valid object */
function textOf(manifest: Plain): string {
  try {
    return JSON.stringify(recorded(manifest));
  } catch (error) {
    if (error instanceof RangeError)
      throw statusError('BadRequest', 'apply: the manifest is nested too deep; send a flatter one');
    throw error;
  }
}

/**
 * Adds a record of the applied manifest to the object. Of a Secret it contains the names, never the values.
 * @throws StatusError BadRequest
 */
export function withLastApplied<T extends KubeObject>(object: T, manifest: Plain): T {
  const annotations = { ...object.metadata?.annotations, [LAST_APPLIED]: textOf(manifest) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The manifest that was last applied; `undefined` when the object was never applied, or the record is not JSON. */
export function lastAppliedOf(object: KubeObject): Plain | undefined {
  const text = object.metadata?.annotations?.[LAST_APPLIED];
  if (text === undefined) return undefined;
  try {
    const manifest: unknown = decodeJson(text);
    return isPlain(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}
