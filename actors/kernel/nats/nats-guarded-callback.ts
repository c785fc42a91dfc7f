import type { Msg, SubscriptionOptions } from 'nats';

type Callback = NonNullable<SubscriptionOptions['callback']>;

/**
 * What a subscription calls. The client reads nothing any more, on any subject, once a callback has thrown; so every
 * subscription of a process goes through here, and what is thrown, or rejected, is reported and never goes further.
 * @param report gets the failure and the message that led to it; should it throw itself, the process fails aloud, for the
 * one that goes on would be deaf
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
