import { AsyncLocalStorage } from 'node:async_hooks';
import type { TestContext } from 'vitest';

type Act = () => Promise<void>;

/** What is done at the end of a test, in the opposite order of its being asked for. */
class RunningTest {
  readonly #acts: Act[] = [];
  #over = false;

  atEnd(act: Act): Promise<void> {
    if (this.#over) return act(); // its time was up, and it ran on
    this.#acts.push(act);
    return Promise.resolve();
  }

  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (let act = this.#acts.pop(); act !== undefined; act = this.#acts.pop())
      await act().catch((error: unknown) => failures.push(error)); // each has something of its own to end
    this.#over = true;
    if (failures.length > 0) throw failures[0];
  }
}

/**
 * Of several tests that run at once the one that runs here. Vitest's own `onTestFinished` takes that for it which began last,
 * and forgets what is asked for while that one ends.
 */
const here = new AsyncLocalStorage<RunningTest>();
/** The test that runs alone: following its promises would make each twice as dear. */
let alone: RunningTest | undefined;

/** Wraps every test; see `recordings.setup.ts`. */
export async function withEnd(runTest: Act, context: TestContext): Promise<void> {
  const test = new RunningTest();
  if (context.task.concurrent === true) await here.run(test, runTest);
  else {
    alone = test;
    await runTest();
    alone = undefined;
  }
  await test.end();
}

/**
 * Has something done once the test that runs here is over and, should it have failed, its recordings are kept.
 * @returns `undefined` when no test runs here, and nothing is done
 */
export const atEndOfTest = (act: Act): Promise<void> | undefined => (here.getStore() ?? alone)?.atEnd(act);
