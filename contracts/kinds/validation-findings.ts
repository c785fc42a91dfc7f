import type { StatusCause } from '../errors/status.ts';

/** One step of a path: a field, a list index, or a map key in brackets. */
type Step = string | number;

/** A value as shown in messages: JSON, at most 200 characters. Never throws. */
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

/** Can this step be written without brackets? Others are written in brackets, like Kubernetes' map keys. */
const bare = (step: string): boolean => /^[A-Za-z_$][\w$]*$/.test(step);

/** Longer than any name that Kubernetes accepts. A longer step of a path is cut. */
const STEP_MAX = 400;
const brief = (step: string): string =>
  step.length <= STEP_MAX ? step : `${step.slice(0, STEP_MAX)}...${step.startsWith('[') ? ']' : ''}`;

/** `spec` + `containers[0].name` */
function joined(base: string, rest: string): string {
  if (base === '' || rest === '') return base + rest;
  return rest.startsWith('[') ? base + rest : `${base}.${rest}`;
}

/**
 * Collects the validation errors of an object, in Kubernetes' words. Code that walks the object calls `enter` and `leave`; the
 * path is built only when there is an error. The path passed with an error is relative to the current position.
 */
export class Findings {
  readonly causes: StatusCause[] = [];
  /** Most causes that are collected. */
  static readonly max = 100;
  readonly #steps: Step[] = [];
  readonly #hidesValues: boolean;

  /** @param options.hidesValues values are secret: messages, which may become Events, name the fields only */
  constructor(options: { readonly hidesValues?: boolean } = {}) {
    this.#hidesValues = options.hidesValues === true;
  }

  /** A value as shown in messages. */
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

  /** @param below path relative to the current position, such as `containers[0].name`; empty = the position itself */
  add(reason: string, below: string, message: string): void {
    if (!this.full) this.causes.push({ reason, field: joined(this.path, below), message });
  }
  /** @param found the value's type */
  typeInvalid(found: string, detail: string): void {
    this.add('FieldValueTypeInvalid', '', `Invalid value: ${JSON.stringify(found)}: ${detail}`);
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
  /** @param more text to append to the message */
  tooLong(below: string, maxBytes: number, more = ''): void {
    this.add('FieldValueTooLong', below, `Too long: may not be more than ${maxBytes} bytes${more}`);
  }

  /** The current position, such as `spec.containers[0]`; empty = the whole object. */
  get path(): string {
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
