import { isObservable, type Observable } from 'rxjs';
import { finalize } from 'rxjs/operators';
import { statusError } from '../../contracts/errors/status.ts';
import type { Call, Said } from '../kernel/contract.ts';
import type { Context } from './context.ts';

type Answers = Observable<Said> | readonly Said[];

/** Limits how many requests wait for an answer at the same time; rejects the others with TooManyRequests. */
export function inFlightLimit({ world, limits }: Context): (call: Call, answer: () => Answers) => Answers {
  let inFlight = 0;
  return (call, answer) => {
    if (inFlight >= limits.inFlight) {
      const { status } = statusError(
        'TooManyRequests',
        `${limits.inFlight} requests are in flight, which is the limit; retry in a moment`,
        { retryAfterSeconds: 1 },
      );
      return [world.reply(call, status)];
    }
    const answers = answer();
    if (!isObservable(answers)) return answers;
    inFlight += 1;
    return answers.pipe(finalize(() => (inFlight -= 1)));
  };
}
