import { type Retry, retryOf, type Status, StatusError } from '../../../contracts/errors/status.ts';

/** Why a request was refused, as a plain value that fits into a cell. */
export type Refusal = {
  /** Name of the request's entry in `says`. */
  readonly say: string;
  readonly message: string;
  /** Whether a retry can help; `never` = something else must change first. */
  readonly retry: Retry;
};

/** An ask of this actor failed: it was refused, was not answered in time, or its subject has no subscriber. */
export class Refused extends StatusError implements Refusal {
  readonly say: string;
  constructor(say: string, status: Status) {
    super(status);
    this.say = say;
  }
  get retry(): Retry {
    return retryOf(this);
  }
}
