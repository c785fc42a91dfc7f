import { applyPatch, createPatch } from 'rfc6902';
import { Pointer } from 'rfc6902/pointer.js';

/** One difference of two bodies; an absent value means that the field does not exist. */
export interface FieldDiff {
  /** `spec.containers[0].image`; empty = the whole body. */
  readonly path: string;
  readonly was?: unknown;
  readonly is?: unknown;
}

/** The differences of two JSON values, in document order. */
export function diffBodies(was: unknown, is: unknown): readonly FieldDiff[] {
  const left = plain(was);
  const right = plain(is);
  if (!isContainer(left) || !isContainer(right) || Array.isArray(left) !== Array.isArray(right)) {
    if (JSON.stringify(left) === JSON.stringify(right)) return [];
    return [{ path: '', ...(left === undefined ? {} : { was: left }), ...(right === undefined ? {} : { is: right }) }];
  }
  // Each operation refers to the result of those before it, so they are applied one by one.
  const at = { value: structuredClone(left) };
  const diffs: FieldDiff[] = [];
  for (const operation of createPatch(left, right)) {
    if (operation.op !== 'add' && operation.op !== 'remove' && operation.op !== 'replace') continue;
    const pointer = Pointer.fromJSON(operation.path);
    const value: unknown = operation.op === 'add' ? undefined : structuredClone(pointer.get(at.value));
    const path = pathText(pointer.tokens, at.value);
    applyPatch(at.value, [operation]);
    diffs.push({
      path,
      ...(operation.op === 'add' ? {} : { was: value }),
      ...(operation.op === 'remove' ? {} : { is: operation.value as unknown }),
    });
  }
  return diffs;
}

function pathText(tokens: readonly string[], root: unknown): string {
  let text = '';
  let value = root;
  for (const token of tokens.slice(1)) {
    const length = Array.isArray(value) ? value.length : undefined;
    if (length !== undefined) text += `[${token === '-' ? length : token}]`;
    else if (/^[\w-]+$/.test(token)) text += text === '' ? token : `.${token}`;
    else text += `[${JSON.stringify(token)}]`;
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[token];
  }
  return text;
}

/** The value after a round trip through JSON. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
