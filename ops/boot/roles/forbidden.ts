import type { NatsConnection } from 'nats';
import { mayHear } from './mandate.ts';

export const FORBIDDEN_AGAIN_MS = 60_000;
/** Subjects that are named one by one; an actor may answer on thousands. */
const NAMED_MOST = 8;

/** Of whom it is told, and where. */
interface Whose {
  readonly connection: NatsConnection;
  /** What the process is: master, worker, service. */
  readonly name: string;
  readonly user: string;
  /** How often is asked and told again. */
  readonly everyMs: number;
  readonly log: (line: string) => void;
}

/**
 * Tells what the server does not let a process say or hear: each subject once, and once in a while how much it was since. What it may
 * not hear is asked for again: once the server lets it, the connection is made anew, with which the client asks for all that it hears.
 */
export class Forbidden {
  readonly #whose: Whose;
  readonly #unheard = new Set<string>();
  readonly #unsaid = new Set<string>();
  #more = { messages: 0, latest: '' };
  #timer: NodeJS.Timeout | undefined;

  constructor(whose: Whose) {
    this.#whose = whose;
  }

  /** @param operation `publish` or `subscribe` */
  tell({ operation, subject }: { readonly operation: string; readonly subject: string }): void {
    const isPublish = operation === 'publish';
    const told = isPublish ? this.#unsaid : this.#unheard;
    this.#later();
    if (told.has(subject) || (isPublish && told.size >= NAMED_MOST)) {
      if (isPublish) this.#more = { messages: this.#more.messages + 1, latest: subject };
      return;
    }
    told.add(subject);
    this.#whose.log(`error: ${refusal(this.#whose, isPublish, subject)}`);
  }

  #later(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tellOfMore();
      this.#ask().catch((error: unknown) => {
        if (!this.#whose.connection.isClosed()) this.#whose.log(`warning: ask nats-server again: ${String(error)}`);
      });
    }, this.#whose.everyMs).unref();
  }

  #tellOfMore(): void {
    const { messages, latest } = this.#more;
    if (messages === 0) return;
    this.#more = { messages: 0, latest: '' };
    const what = messages === 1 ? 'one more message' : `${messages} more messages`;
    this.#whose.log(`error: nats-server refused ${what} of user ${this.#whose.user}, the last on ${latest}`);
  }

  async #ask(): Promise<void> {
    const { connection, user, log } = this.#whose;
    for (const subject of this.#unheard) {
      if (!(await mayHear(connection, subject))) continue;
      log(`nats-server lets user ${user} subscribe to ${subject} now; connecting anew`);
      this.#unheard.clear();
      return connection.reconnect();
    }
    if (this.#unheard.size > 0) this.#later();
  }
}

/** What the server's configuration does not let this user do, and what to look at. */
function refusal({ name, user }: Whose, isPublish: boolean, subject: string): string {
  const act = isPublish ? 'publish on' : 'subscribe to';
  const remedy =
    name === 'service'
      ? `make its user again with "troupe user add ${user} --actors <file>"`
      : 'print "troupe permissions" with this version again';
  return `nats-server does not let user ${user} ${act} ${subject}; what it goes by was made for other actors or by another version: ${remedy}, have a server of your own read that${isPublish ? '' : '; this process asks again every minute'}, and start this process again where that is not enough`;
}
