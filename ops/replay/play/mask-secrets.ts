import { isPlain, type Plain } from '../../../contracts/json-values.ts';

const NOT_SHOWN = '(not shown)';
const CLOSED = '(not shown; with --key the names of its values are)';
/** Fields with the values of a Secret. */
const VALUES: ReadonlySet<string> = new Set(['data', 'stringData']);

/** Replaces the values of every Secret in a value; only their names are shown. */
export function maskSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return mapped(value, maskSecrets);
  if (!isPlain(value)) return value;
  if (value['kind'] === 'Secret') return maskSecret(value);
  const items = value['items'];
  if (value['kind'] === 'SecretList' && Array.isArray(items))
    return { ...value, items: items.map((item) => (isPlain(item) ? maskSecret(item) : item)) };
  return withFields(value, maskSecrets);
}

function maskSecret(secret: Plain): Plain {
  const masked = withFields(secret, (inner, name) => {
    if (name === 'sealed') return CLOSED;
    if (VALUES.has(name) && isPlain(inner)) return withFields(inner, () => NOT_SHOWN);
    return name === 'metadata' ? maskMetadata(inner) : inner;
  });
  return masked;
}

/** An annotation may hold the whole manifest. */
function maskMetadata(metadata: unknown): unknown {
  if (!isPlain(metadata) || !isPlain(metadata['annotations'])) return metadata;
  return { ...metadata, annotations: withFields(metadata['annotations'], () => NOT_SHOWN) };
}

/** Unchanged parts are shared with the original, so large values cost little. */
function withFields(value: Plain, change: (inner: unknown, name: string) => unknown): Plain {
  let changed: Record<string, unknown> | undefined;
  for (const [name, inner] of Object.entries(value)) {
    const after = change(inner, name);
    if (after !== inner) (changed ??= { ...value })[name] = after;
  }
  return changed ?? value;
}

function mapped(list: readonly unknown[], change: (inner: unknown) => unknown): readonly unknown[] {
  const after = list.map(change);
  return after.some((one, at) => one !== list[at]) ? after : list;
}
