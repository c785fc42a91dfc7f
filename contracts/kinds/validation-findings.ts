import type { StatusCause } from '../errors/status.ts';

/** A step down into an object: a field, a list's index, or a map's key in brackets. */
type Step = string | number;

/** Go's `%q` for strings, JSON for the rest; short enough for one line. Never throws. */
export function shown(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') return `"${typeof value}"`;
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  try {
    const text = JSON.stringify(value) ?? 'null';
    return text.length <= 200 ? text : `${text.slice(0, 197)}...`;
  } catch {
    return `"${typeof value}"`;
  }
}

/** Is this safe to write bare in a path? Others go in brackets, as Kubernetes writes map keys. */
const bare = (step: string): boolean => /^[A-Za-z_$][\w$]*$/.test(step);

/** Longer than any name that Kubernetes takes. What lies below a longer one is told with its beginning, once for each finding. */
const STEP_MAX = 400;
const brief = (step: string): string =>
  step.length <= STEP_MAX ? step : `${step.slice(0, STEP_MAX)}...${step.startsWith('[') ? ']' : ''}`;

/** `spec` + `containers[0].name` */
function joined(base: string, rest: string): string {
  if (base === '' || rest === '') return base + rest;
  return rest.startsWith('[') ? base + rest : `${base}.${rest}`;
}

/**
 * Collects what is wrong with an object, in Kubernetes' words. Walkers `enter` and `leave`; a path costs something only
 * when there is a finding. A finding's own path is relative to where the walk stands.
 */
export class Findings {
  readonly causes: StatusCause[] = [];
  /** More than this many causes help nobody. */
  static readonly max = 100;
  readonly #steps: Step[] = [];
  readonly #hidesValues: boolean;

  /** @param options.hidesValues values are secret: findings, which become Events, name their fields alone */
  constructor(options: { readonly hidesValues?: boolean } = {}) {
    this.#hidesValues = options.hidesValues === true;
  }

  /** A value as a finding shows it. */
  value(value: unknown): string {
    return this.#hidesValues ? '(hidden)' : shown(value);
  }

  enter(step: Step): void {
    this.#steps.push(step);
  }
  leave(): void {
    this.#steps.pop();
  }
  /** Steps below the root. */
  get depth(): number {
    return this.#steps.length;
  }
  get full(): boolean {
    return this.causes.length >= Findings.max;
  }

  /** @param below path below where the walk stands: `containers[0].name`; empty = right here */
  add(reason: string, below: string, message: string): void {
    if (!this.full) this.causes.push({ reason, field: joined(this.#path(), below), message });
  }
  required(below: string, detail = ''): void {
    this.add('FieldValueRequired', below, detail === '' ? 'Required value' : `Required value: ${detail}`);
  }
  invalid(below: string, value: unknown, detail: string): void {
    this.add('FieldValueInvalid', below, `Invalid value: ${this.value(value)}: ${detail}`);
  }
  duplicate(below: string, value: unknown): void {
    this.add('FieldValueDuplicate', below, `Duplicate value: ${this.value(value)}`);
  }
  forbidden(below: string, detail: string): void {
    this.add('FieldValueForbidden', below, `Forbidden: ${detail}`);
  }
  notFound(below: string, value: unknown): void {
    this.add('FieldValueNotFound', below, `Not found: ${this.value(value)}`);
  }
  notSupported(below: string, value: unknown, supported: readonly string[]): void {
    const list = supported.map((one) => JSON.stringify(one)).join(', ');
    this.add('FieldValueNotSupported', below, `Unsupported value: ${this.value(value)}: supported values: ${list}`);
  }
  /** @param more what else is to be said of it */
  tooLong(below: string, maxBytes: number, more = ''): void {
    this.add('FieldValueTooLong', below, `Too long: may not be more than ${maxBytes} bytes${more}`);
  }

  #path(): string {
    let path = '';
    for (const step of this.#steps) {
      if (typeof step === 'number') path += `[${step}]`;
      else {
        const short = brief(step);
        path = joined(path, bare(short) || short.startsWith('[') ? short : `[${short}]`);
      }
    }
    return path;
  }
}
