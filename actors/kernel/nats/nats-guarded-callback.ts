import type { Msg, SubscriptionOptions } from 'nats';

type Callback = NonNullable<SubscriptionOptions['callback']>;

/**
 * Wraps a subscription's callback so that it never throws: once a callback has thrown, the client stops reading on all
 * subjects. Every subscription of a process must use it. Errors and rejections are passed to `report`.
 * @param report gets the error and the message that caused it. If `report` itself throws, the process ends with an uncaught
 * exception rather than go on without receiving anything
 */
export const guarded =
  (
    callback: (error: Error | null, message: Msg) => unknown,
    report: (failure: Error, message: Msg) => void,
  ): Callback =>
  (error, message) => {
    const failed = (failure: unknown): void => {
      try {
        report(failure instanceof Error ? failure : new Error(String(failure)), message);
      } catch (unreported) {
        queueMicrotask(() => {
          throw unreported;
        });
      }
    };
    try {
      const heard = callback(error, message);
      if (heard instanceof Promise) heard.catch(failed);
    } catch (failure) {
      failed(failure);
    }
  };
