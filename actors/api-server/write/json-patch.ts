import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { statusError } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';

/** Characters of JSON that one patch may copy and move; Kubernetes allows as many bytes of copies. */
const CARRIED_MAX = 3 * 1024 * 1024;

/**
 * Applies the operations of a JSON patch, whose form was checked, to a copy of the document.
 * @throws StatusError Invalid, RequestEntityTooLarge
 */
export function jsonPatched(document: unknown, operations: readonly Operation[]): unknown {
  const root = structuredClone(document);
  const budget = { left: CARRIED_MAX };
  for (const [at, operation] of operations.entries()) {
    const act = `patch operation ${at} (${operation.op} ${operation.path})`;
    for (const step of plainSteps(root, operation, budget, act)) {
      checkPlace(root, step, act);
      // The library returns `null` on success, and returns rather than throws an error for what RFC 6902 rejects.
      const [error] = applyPatch(root, [step]);
      if (error?.name === 'TestError')
        throw statusError('Invalid', `${act}: the value at that path is different; read the object and patch again`);
      if (error) throw statusError('Invalid', `${act}: ${error.message}`);
    }
  }
  return root;
}

type Step = Exclude<Operation, { op: 'move' | 'copy' }>;

/** A move or copy becomes an add of the value at `from`. */
function plainSteps(root: unknown, operation: Operation, budget: { left: number }, act: string): readonly Step[] {
  if (operation.op !== 'move' && operation.op !== 'copy') return [operation];
  const { op, from, path } = operation;
  if (op === 'move' && path.startsWith(`${from}/`))
    throw statusError('Invalid', `${act}: a value cannot be moved into itself`);
  const text = JSON.stringify(found(root, Pointer.fromJSON(from).tokens, act));
  budget.left -= text.length;
  if (budget.left < 0)
    throw statusError('RequestEntityTooLarge', `${act}: one patch may copy and move at most ${CARRIED_MAX} bytes`);
  const add: Step = { op: 'add', path, value: JSON.parse(text) as unknown };
  return op === 'copy' ? [add] : [{ op: 'remove', path: from }, add];
}

/** The library also finds inherited properties, and accepts anything as the index of a list. @throws StatusError Invalid */
function checkPlace(root: unknown, { op, path }: Step, act: string): void {
  const tokens = Pointer.fromJSON(path).tokens;
  if (op !== 'add') {
    found(root, tokens, act);
    return;
  }
  const parent = found(root, tokens.slice(0, -1), act);
  const last = tokens.at(-1) as string;
  if (Array.isArray(parent)) {
    if (last !== '-') indexIn(parent.length + 1, last, act);
  } else if (!isPlain(parent)) throw missing(act);
}

/** The value at a path. @throws StatusError Invalid */
function found(root: unknown, tokens: readonly string[], act: string): unknown {
  let value = root;
  for (const token of tokens.slice(1)) {
    if (Array.isArray(value)) value = value[indexIn(value.length, token, act)];
    else if (isPlain(value) && Object.hasOwn(value, token)) value = value[token];
    else throw missing(act);
  }
  return value;
}

function indexIn(length: number, token: string, act: string): number {
  if (!/^(0|[1-9]\d*)$/.test(token)) throw statusError('Invalid', `${act}: "${token}" is not an index of a list`);
  if (Number(token) >= length) throw missing(act);
  return Number(token);
}

const missing = (act: string) => statusError('Invalid', `${act}: nothing exists at that path`);
