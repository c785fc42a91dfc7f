import type { ConfigMap } from '../../contracts/kinds/kinds.ts';

const sizes = new WeakMap<object, number>();

/** Size as JSON, in bytes. Cached by identity: many pods share the data of one ConfigMap, which never changes in place. */
export function jsonBytes(value: object | undefined): number {
  if (value === undefined) return 0;
  const known = sizes.get(value);
  if (known !== undefined) return known;
  const size = Buffer.byteLength(JSON.stringify(value));
  sizes.set(value, size);
  return size;
}

/** Size of a ConfigMap's data as JSON, in bytes. */
export const dataBytes = ({ data, binaryData }: Pick<ConfigMap, 'data' | 'binaryData'>): number =>
  jsonBytes(data) + jsonBytes(binaryData);
