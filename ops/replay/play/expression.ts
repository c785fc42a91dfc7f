import { createContext, Script } from 'node:vm';

/** The variables of an expression; each is computed only when the expression uses it. */
export type Scope = Readonly<Record<string, () => unknown>>;

/** Longest evaluation, in milliseconds. */
const WITHIN_MS = 250;

/**
 * Compiles one JavaScript expression. It can use copies of the variables in its scope, and JavaScript itself, but nothing of
 * Node: no files, network, timers or modules.
 * @returns a function that evaluates it: undefined when it accesses a property of something absent; throws Error (one line)
 *   when it fails otherwise
 * @throws SyntaxError when it is not an expression
 */
export function compileExpression(text: string, names: readonly string[]): (scope: Scope) => unknown {
  // Values are passed as JSON, so that the expression cannot reach an object of this process, and through it a module.
  const script = new Script(`JSON.stringify((() => (${text}\n))())`, { filename: 'expression' });
  // A name after one dot is a property; after three it is spread.
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
      if (name === 'TypeError') return undefined; // it accessed something that this turn does not have
      throw new Error(`${text}: ${message ?? String(error)}`);
    }
  };
}

/** JSON is valid JavaScript; what has no JSON becomes undefined. */
const asSource = (value: unknown): string => JSON.stringify(value) ?? 'undefined';
