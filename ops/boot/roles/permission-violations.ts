import type { NatsConnection } from 'nats';
import { maySubscribe } from './role-permissions.ts';

export const PERMISSION_RETRY_MS = 60_000;
/** Most publish subjects that are logged one by one; an actor may answer on thousands. */
const NAMED_MOST = 8;

/** The process that is watched. */
interface Watched {
  readonly connection: NatsConnection;
  /** `master`, `worker` or `service`. */
  readonly name: string;
  readonly user: string;
  /** How often refused subscriptions are retried and further violations are summed up, in milliseconds. */
  readonly everyMs: number;
  readonly log: (line: string) => void;
}

/**
 * Logs what nats-server does not let a process publish or subscribe to: each subject once, then a count every `everyMs`. Refused
 * subscriptions are retried. When the server allows one, the connection is made again, which subscribes to everything again.
 */
export class PermissionViolations {
  readonly #watched: Watched;
  readonly #refusedSubscriptions = new Set<string>();
  readonly #refusedPublishes = new Set<string>();
  #more = { messages: 0, latest: '' };
  #timer: NodeJS.Timeout | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** @param operation `publish` or `subscribe` */
  report({ operation, subject }: { readonly operation: string; readonly subject: string }): void {
    const isPublish = operation === 'publish';
    const logged = isPublish ? this.#refusedPublishes : this.#refusedSubscriptions;
    this.#scheduleRetry();
    if (logged.has(subject) || (isPublish && logged.size >= NAMED_MOST)) {
      if (isPublish) this.#more = { messages: this.#more.messages + 1, latest: subject };
      return;
    }
    logged.add(subject);
    this.#watched.log(`error: ${refusal(this.#watched, isPublish, subject)}`);
  }

  #scheduleRetry(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#reportFurther();
      this.#retrySubscriptions().catch((error: unknown) => {
        if (!this.#watched.connection.isClosed())
          this.#watched.log(`warning: retry refused subscriptions: ${String(error)}`);
      });
    }, this.#watched.everyMs).unref();
  }

  #reportFurther(): void {
    const { messages, latest } = this.#more;
    if (messages === 0) return;
    this.#more = { messages: 0, latest: '' };
    const what = messages === 1 ? 'one more message' : `${messages} more messages`;
    this.#watched.log(`error: nats-server refused ${what} of user ${this.#watched.user}, the last on ${latest}`);
  }

  async #retrySubscriptions(): Promise<void> {
    const { connection, user, log } = this.#watched;
    for (const subject of this.#refusedSubscriptions) {
      if (!(await maySubscribe(connection, subject))) continue;
      log(`nats-server now lets user ${user} subscribe to ${subject}; reconnecting`);
      this.#refusedSubscriptions.clear();
      return connection.reconnect();
    }
    if (this.#refusedSubscriptions.size > 0) this.#scheduleRetry();
  }
}

/** What the server's configuration refuses this user, and how to correct it. */
function refusal({ name, user }: Watched, isPublish: boolean, subject: string): string {
  const act = isPublish ? 'publish on' : 'subscribe to';
  const remedy =
    name === 'service'
      ? `update the user with "troupe user add ${user} --actors <file>"`
      : 'print "troupe permissions" again with this version and reload your server';
  return `nats-server does not let user ${user} ${act} ${subject}; its permissions were made for other actors or by another version: ${remedy}${isPublish ? '' : '; this process retries every minute'}; if that is not enough, restart this process`;
}
