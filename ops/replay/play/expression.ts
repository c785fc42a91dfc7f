import { createContext, Script } from 'node:vm';

/** What an expression may speak of; each made only when it is spoken of. */
export type Scope = Readonly<Record<string, () => unknown>>;

/** Longest that one evaluation may take, in milliseconds. */
const WITHIN_MS = 250;

/**
 * Compiles one JavaScript expression. It sees copies of what the scope holds and JavaScript itself, nothing of Node: no
 * files, no network, no timers, no modules.
 * @returns evaluates it: undefined when it looks into what is not there; throws Error (one line) when it fails otherwise
 * @throws SyntaxError when it is no expression
 */
export function compileExpression(text: string, names: readonly string[]): (scope: Scope) => unknown {
  // Everything crosses as JSON, so that no object of this process, and through it no module, is within reach.
  const script = new Script(`JSON.stringify((() => (${text}\n))())`, { filename: 'expression' });
  // After one dot it is a member of something else; after three it is spread.
  const used = names.filter((name) => new RegExp(`(?<![\\w$])(?<!(?<!\\.\\.)\\.)${name}(?![\\w$])`).test(text));
  const context = createContext(Object.create(null) as object, {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  new Script('Date = undefined; Math.random = undefined').runInContext(context);
  return (scope) => {
    const given = used.map((name) => `${name} = ${asSource(scope[name]?.())};`).join('');
    if (given !== '') new Script(given).runInContext(context);
    try {
      const result: unknown = script.runInContext(context, { timeout: WITHIN_MS });
      return typeof result === 'string' ? (JSON.parse(result) as unknown) : undefined;
    } catch (error) {
      const { name, message } = (error ?? {}) as { name?: string; message?: string };
      if (name === 'TypeError') return undefined; // it looked into something that this turn does not have
      throw new Error(`${text}: ${message ?? String(error)}`);
    }
  };
}

/** JSON is JavaScript; what has no JSON is undefined. */
const asSource = (value: unknown): string => JSON.stringify(value) ?? 'undefined';
