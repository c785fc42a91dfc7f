import { turnsInProgress } from '../turns/turns-in-progress.ts';

let installed = false;

/**
 * Patches what a behaviour must not touch, so that a touch during a turn is a violation that names actor and operator.
 * Outside turns everything works as ever. For tests and simulation: in a live process lint and replay keep watch.
 */
export function installGuard(): void {
  if (installed) return;
  installed = true;
  const forbid = (what: string): void => {
    // RxJS throws what nobody handles on a timer of its own; that is an error's way out, not a behaviour's doing.
    if (new Error('here').stack?.includes('reportUnhandledError') === true) return;
    turnsInProgress.actor?.violate(`used ${what}`);
  };
  const wrap = (host: object, name: string, label: string): void => {
    const original = Reflect.get(host, name) as (...args: unknown[]) => unknown;
    const guarded = function (this: unknown, ...args: unknown[]): unknown {
      if (turnsInProgress.actor !== undefined) forbid(label);
      return Reflect.apply(original, this, args);
    };
    Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(original));
    Reflect.set(host, name, guarded);
  };
  wrap(Math, 'random', 'Math.random()');
  wrap(performance, 'now', 'performance.now()');
  wrap(crypto, 'randomUUID', 'crypto.randomUUID()');
  wrap(crypto, 'getRandomValues', 'crypto.getRandomValues()');
  for (const timer of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])
    wrap(globalThis, timer, `${timer}()`);
  wrap(process, 'nextTick', 'process.nextTick()');
  wrap(Promise.prototype, 'then', 'a promise');
  guardDate(forbid);
}

function guardDate(forbid: (what: string) => void): void {
  const Original = Date;
  const guarded = new Proxy(Original, {
    construct(target, args, newTarget) {
      if (args.length === 0 && turnsInProgress.actor !== undefined) forbid('new Date()');
      return Reflect.construct(target, args, newTarget) as object;
    },
    get(target, name, receiver) {
      if (name === 'now' && turnsInProgress.actor !== undefined) forbid('Date.now()');
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  globalThis.Date = guarded;
}
