import { statusError } from '../errors/status.ts';
import { isPlain, type Plain } from '../json-values.ts';
import type { KubeObject } from '../kinds/kinds.ts';

/** Where kubectl, and so we, keep the manifest that was applied last. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The names in a Secret are needed to know what was taken out; its values are nobody's business. */
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

/** @throws StatusError BadRequest: nested deeper than can be written, which is far deeper than any object */
function textOf(manifest: Plain): string {
  try {
    return JSON.stringify(recorded(manifest));
  } catch (error) {
    if (error instanceof RangeError)
      throw statusError('BadRequest', 'apply: it is nested too deep; send a flatter one');
    throw error;
  }
}

/**
 * The object with a record of the manifest that was just applied. Of a Secret it holds names, never values.
 * @throws StatusError BadRequest
 */
export function withLastApplied<T extends KubeObject>(object: T, manifest: Plain): T {
  const annotations = { ...object.metadata?.annotations, [LAST_APPLIED]: textOf(manifest) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The manifest that was applied last; `undefined` when the object was not made by apply, or the record is no JSON. */
export function lastAppliedOf(object: KubeObject): Plain | undefined {
  const text = object.metadata?.annotations?.[LAST_APPLIED];
  if (text === undefined) return undefined;
  try {
    const manifest: unknown = JSON.parse(text);
    return isPlain(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}
