import { type Retry, retryOf, type Status, StatusError } from '../../../contracts/errors/status.ts';

/** Why something that was asked for was not granted. */
export type Refusal = {
  /** Name of the entry in `says` with which it was asked. */
  readonly say: string;
  readonly message: string;
  /** What the reason says of asking again; `never` = something else must change first. */
  readonly retry: Retry;
};

/** An ask of ours that was not granted: refused, not answered in time, or heard by nobody. */
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
