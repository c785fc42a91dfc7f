/*
 * Kubernetes' quantities: a decimal number with an optional suffix: n u m (none) k M G T P E, Ki Mi Gi Ti Pi Ei, or an
 * exponent. Exact: calculated in nano units as whole numbers of any size.
 */

import type { Quantity } from './kinds/generated/types.ts';

type Format = 'decimal' | 'binary' | 'exponent';
interface Parsed {
  /** Billionths, rounded away from zero as Kubernetes does. */
  readonly nano: bigint;
  readonly format: Format;
}

const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const GRAMMAR = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/;
const NANO = 1_000_000_000n;
/** Kubernetes caps larger values, positive and negative. */
const MOST = (2n ** 63n - 1n) * NANO;

/** A suffix in nano units: [multiplier, divisor, format]. */
function scaleOf(suffix: string | undefined, exponent: string | undefined): readonly [bigint, bigint, Format] {
  if (exponent !== undefined) {
    const power = Number(exponent) + 9;
    return power >= 0 ? [10n ** BigInt(power), 1n, 'exponent'] : [1n, 10n ** BigInt(-power), 'exponent'];
  }
  const binary = suffix === undefined ? -1 : BINARY.indexOf(suffix);
  if (binary > 0) return [1024n ** BigInt(binary) * NANO, 1n, 'binary'];
  return [1000n ** BigInt(DECIMAL.indexOf(suffix ?? '')), 1n, 'decimal'];
}

const divideAway = (value: bigint, by: bigint): bigint => {
  const whole = value / by;
  if (whole * by === value) return whole;
  return value > 0n ? whole + 1n : whole - 1n;
};

function parse(text: string): Parsed | undefined {
  const match = text.length > 64 ? null : GRAMMAR.exec(text);
  if (match === null) return undefined;
  const [, sign, number = '', suffix, exponent] = match;
  const [whole = '', fraction = ''] = number.split('.');
  const [multiply, divide, format] = scaleOf(suffix, exponent);
  const digits = BigInt(`${whole}${fraction}`) * multiply;
  const exact = divideAway(digits, divide * 10n ** BigInt(fraction.length));
  const nano = exact > MOST ? MOST : exact;
  return { nano: sign === '-' ? -nano : nano, format };
}

/** Cache: the same few quantities recur. Bounded, so that no client can fill the memory. */
const remembered = new Map<string, Parsed>();

/** @throws RangeError when `quantity` is not a quantity */
function parsed(quantity: string | number): Parsed {
  const text = String(quantity);
  const before = remembered.get(text);
  if (before !== undefined) return before;
  const made = parse(text);
  if (made === undefined) throw new RangeError(`"${text}" is not a quantity; write a number like 250m, 1.5 or 64Mi`);
  if (remembered.size >= 4096) remembered.clear();
  remembered.set(text, made);
  return made;
}

/** Is it a number in [-2^53, 2^53] or a string of Kubernetes' grammar? Never throws. */
export function isQuantity(value: unknown): value is string | number {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  return remembered.has(String(value)) || parse(String(value)) !== undefined;
}

/** Rounded up. An absent or malformed quantity counts as 0, so that a stored object never makes a caller fail. */
function roundedUp(quantity: Quantity | undefined, unitNano: bigint): number {
  return quantity === undefined || !isQuantity(quantity) ? 0 : Number(divideAway(parsed(quantity).nano, unitNano));
}

/** Thousandths of a CPU, rounded up: `0.5` -> 500, `100m` -> 100. Absent or unreadable = 0. */
export const cpuMillis = (quantity: Quantity | undefined): number => roundedUp(quantity, 1_000_000n);

/** Whole units, rounded up; of memory or storage: bytes. `64Mi` -> 67108864. Absent or unreadable = 0. */
export const wholeUnits = (quantity: Quantity | undefined): number => roundedUp(quantity, NANO);

/** The value in the base unit (cores, bytes, pieces), as a floating-point number; `NaN` when it is not a quantity. */
export function parseQuantity(quantity: Quantity): number {
  if (!isQuantity(quantity)) return Number.NaN;
  const { nano } = parsed(quantity);
  return Number(nano / NANO) + Number(nano % NANO) / 1e9;
}

/** Negative, zero or positive when `a` is less than, equal to or greater than `b`. @throws RangeError */
export function compareQuantities(a: string | number, b: string | number): number {
  const [left, right] = [parsed(a).nano, parsed(b).nano];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The same text for equal quantities, such as `128Mi` and `134217728`. Other text is returned unchanged. Never throws. */
export const exactQuantity = (quantity: string | number): string =>
  isQuantity(quantity) ? `${parsed(quantity).nano}n` : String(quantity);

/** Is it a whole number of units? @throws RangeError */
export const isWhole = (quantity: string | number): boolean => parsed(quantity).nano % NANO === 0n;

const KI = 1024n * NANO;

function binaryText(nano: bigint): string {
  let units = nano / NANO;
  let power = 0;
  while (units !== 0n && units % 1024n === 0n && power < BINARY.length - 1) {
    units /= 1024n;
    power++;
  }
  return `${units}${BINARY[power] ?? ''}`;
}

function decimalText(nano: bigint, exponent: boolean): string {
  let units = nano;
  let power = 0;
  while (units !== 0n && units % 1000n === 0n && power < DECIMAL.length - 1) {
    units /= 1000n;
    power++;
  }
  if (units === 0n) return '0';
  if (!exponent) return `${units}${DECIMAL[power] ?? ''}`;
  return power === 3 ? `${units}` : `${units}e${(power - 3) * 3}`;
}

/**
 * Kubernetes' canonical form: the largest suffix that leaves a whole number. `1000m` -> `1`, `0.5Gi` -> `512Mi`.
 * @throws RangeError when `quantity` is not a quantity
 */
export function canonicalQuantity(quantity: string | number): string {
  const text = String(quantity);
  if (/^[1-9]\d{0,2}([mkMGT]|[KMGT]i)?$/.test(text)) return text; // the common case
  const { nano, format } = parsed(text);
  const small = nano < KI && nano > -KI;
  if (format === 'binary' && !small && nano % NANO === 0n) return binaryText(nano);
  return decimalText(nano, format === 'exponent');
}
