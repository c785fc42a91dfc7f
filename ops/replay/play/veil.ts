import { isPlain, type Plain } from '../../../contracts/json-values.ts';

const NOT_SHOWN = '(not shown)';
const CLOSED = '(not shown; with --key the names of its values are)';
/** Where a Secret has its values, and where they are written once more. */
const VALUES: ReadonlySet<string> = new Set(['data', 'stringData']);

/** The same value, whatever it is, with the values of every Secret in it taken out: their names alone are for a screen. */
export function veiled(value: unknown): unknown {
  if (Array.isArray(value)) return mapped(value, veiled);
  if (!isPlain(value)) return value;
  if (value['kind'] === 'Secret') return veiledSecret(value);
  const items = value['items'];
  if (value['kind'] === 'SecretList' && Array.isArray(items))
    return { ...value, items: items.map((item) => (isPlain(item) ? veiledSecret(item) : item)) };
  return withFields(value, veiled);
}

function veiledSecret(secret: Plain): Plain {
  const veil = withFields(secret, (inner, name) => {
    if (name === 'sealed') return CLOSED;
    if (VALUES.has(name) && isPlain(inner)) return withFields(inner, () => NOT_SHOWN);
    return name === 'metadata' ? veiledMetadata(inner) : inner;
  });
  return veil;
}

/** Annotations may hold the whole manifest once more. */
function veiledMetadata(metadata: unknown): unknown {
  if (!isPlain(metadata) || !isPlain(metadata['annotations'])) return metadata;
  return { ...metadata, annotations: withFields(metadata['annotations'], () => NOT_SHOWN) };
}

/** Shares what does not change, so that large values cost little. */
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
