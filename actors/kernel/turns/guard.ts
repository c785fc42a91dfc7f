import { createHook } from 'node:async_hooks';
import nodeCrypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { config, Subscriber } from 'rxjs';
import { turnsInProgress } from './turns-in-progress.ts';
import { ViolationError } from './violation.ts';

let installed = false;

/**
 * Wraps everything that a behaviour must not use (clock, random numbers, timers, promises), so that its use during a turn is
 * a violation that names the actor and the operator. Outside turns everything works as usual. For tests and replay only: a
 * live process relies on lint, at no cost.
 */
export function installGuard(): void {
  if (installed) return;
  installed = true;
  // The operator that mutated an object is found in the error's stack, which may be deep.
  Error.stackTraceLimit = Math.max(Error.stackTraceLimit, 60);
  wrap(Math, 'random', 'Math.random()');
  wrap(performance, 'now', 'performance.now()');
  wrap(process, 'hrtime', 'process.hrtime()');
  wrap(process.hrtime, 'bigint', 'process.hrtime.bigint()');
  wrap(process, 'nextTick', 'process.nextTick()');
  for (const random of ['randomUUID', 'getRandomValues']) wrap(crypto, random, `crypto.${random}()`);
  for (const random of ['randomBytes', 'randomInt', 'randomUUID']) wrap(nodeCrypto, random, `crypto.${random}()`);
  for (const timer of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])
    wrap(globalThis, timer, `${timer}()`);
  syncBuiltinESMExports();
  guardDate();
  watchAsync();
  watchErrors();
}

/** Observes every error of a pipeline, including unhandled ones. */
function watchErrors(): void {
  const pass = Reflect.get(Subscriber.prototype, 'error') as (error: unknown) => void;
  Subscriber.prototype.error = function (this: Subscriber<unknown>, error: unknown): void {
    turnsInProgress.actor?.blameMutation(error); // an operator may swallow the error or turn it into a refusal
    pass.call(this, error);
  };
  const unhandled = config.onUnhandledError;
  config.onUnhandledError = (error) => {
    if (error instanceof ViolationError) return; // already reported
    if (unhandled === null) throw error;
    unhandled(error);
  };
}

/** Not the behaviour's doing: RxJS rethrowing an unhandled error, the console, and expressions typed into a debugger. */
const NOT_ITS_DOING = /reportUnhandledError|node:internal\/console|at eval \(eval at /;
const isItsDoing = (): boolean => !NOT_ITS_DOING.test(new Error('here').stack ?? '');

function forbid(what: string): void {
  if (turnsInProgress.actor !== undefined && isItsDoing()) turnsInProgress.actor.violate(`used ${what}`);
}

function wrap(host: object, name: string, label: string): void {
  const original = Reflect.get(host, name) as (...args: unknown[]) => unknown;
  const guarded = function (this: unknown, ...args: unknown[]): unknown {
    forbid(label);
    return Reflect.apply(original, this, args);
  };
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(original));
  Reflect.set(host, name, guarded);
}

function guardDate(): void {
  globalThis.Date = new Proxy(Date, {
    construct(target, args, newTarget) {
      if (args.length === 0) forbid('new Date()');
      return Reflect.construct(target, args, newTarget) as object;
    },
    apply(target, self, args) {
      forbid('Date()');
      return Reflect.apply(target, self, args);
    },
    get(target, name, receiver) {
      if (name === 'now') forbid('Date.now()');
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
}

const ASYNC: Readonly<Record<string, string>> = {
  PROMISE: 'a promise',
  Timeout: 'a timer',
  Immediate: 'setImmediate()',
  Microtask: 'queueMicrotask()',
  TickObject: 'process.nextTick()',
};

/** Observes everything asynchronous that is started in a turn, by any function: above all promises. */
function watchAsync(): void {
  let handling = false;
  createHook({
    init: (_id, type, _trigger, resource) => {
      const { actor } = turnsInProgress;
      if (actor === undefined || handling || !isItsDoing()) return;
      actor.breach(`used ${ASYNC[type] ?? `something asynchronous (${type})`}`);
      if (!(resource instanceof Promise)) return;
      handling = true;
      resource.catch(() => undefined); // creating it is the violation; its rejection must not end the process
      handling = false;
    },
  }).enable();
}
