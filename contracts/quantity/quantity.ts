import type { Quantity } from '../kinds/generated/types.ts';

const SUFFIX: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * Kubernetes' `resource.Quantity` in its base unit (cores, bytes, pieces).
 * @returns `NaN` when the text is no quantity
 */
export function parseQuantity(quantity: Quantity): number {
  if (typeof quantity === 'number') return quantity;
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(quantity);
  if (found === null) return Number.NaN;
  const [, digits = '', exponent, suffix = ''] = found;
  if (exponent !== undefined) return Number(`${digits}${exponent}`);
  const factor = SUFFIX[suffix] ?? Number.NaN;
  // Dividing keeps `100m` exact where multiplying by 1e-3 would not.
  return factor < 1 ? Number(digits) / Math.round(1 / factor) : Number(digits) * factor;
}

/** CPU in thousandths of a core, rounded up as Kubernetes does; an absent or unreadable quantity is 0. */
export const cpuMillis = (quantity: Quantity | undefined): number => wholeOrZero(quantity, 1000);

/** Bytes or pieces, rounded up; an absent or unreadable quantity is 0. */
export const wholeUnits = (quantity: Quantity | undefined): number => wholeOrZero(quantity, 1);

function wholeOrZero(quantity: Quantity | undefined, scale: number): number {
  const value = quantity === undefined ? 0 : parseQuantity(quantity) * scale;
  // A millionth of slack, so that 0.1 * 3 does not become one more; plus zero, so that there is no -0.
  return Number.isFinite(value) ? Math.ceil(value - 1e-6) + 0 : 0;
}
