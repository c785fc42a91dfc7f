import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { failure, StatusError } from '../../contracts/errors/status.ts';
import { remedyOfGone } from '../kernel/nats/nats-error-text.ts';
import { type NatsRequest, NatsRequests } from '../kernel/nats/nats-requests.ts';
import { type Failure, planFailure, retryDelayMs } from './plan-retry.ts';

/** Timeout of one attempt. */
const ATTEMPT_MS = 2_000;

/** JetStream's error answer. */
interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof JetStreamApiError) {
    return planFailure({ name: error.name, code: error.code, status: error.status });
  }
  return planFailure({ name: error instanceof Error ? error.name : '' });
}

/**
 * Retries requests to the server until they are answered or their deadline has passed. A lost connection ends the current
 * attempt at once, because its answer cannot arrive any more.
 */
export class RetryingRequests {
  readonly #connection: NatsConnection;
  readonly #questions: NatsRequests;
  /** Rejects the attempts that are under way. */
  readonly #open = new Set<(error: Error) => void>();
  /** Attempts after the first, of all requests. */
  retries = 0;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#questions = new NatsRequests(connection);
  }

  /** Fails the open attempts whenever the connection is lost. Resolves when the connection is closed. */
  async followConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      // Also on reconnect: the client drops what was sent while the connection was away.
      if (status.type !== 'disconnect' && status.type !== 'reconnect') continue;
      const lost = new Error('the connection was lost before the answer arrived');
      this.#questions.fail(lost);
      for (const fail of this.#open) fail(lost);
    }
  }

  /**
   * Calls the client library.
   * @param act  what the request does, for error messages: `write pods.a.x`
   * @param call one attempt
   * @throws StatusError Timeout, ServiceUnavailable, RequestEntityTooLarge; JetStreamApiError for a wrong sequence
   */
  call<T>(act: string, deadlineMs: number, call: (timeoutMs: number) => Promise<T>): Promise<T> {
    return this.#retry(act, deadlineMs, (timeoutMs) => this.#withTimeout(call, timeoutMs));
  }

  /**
   * `call` for one request to JetStream's API, with little overhead: every read and write uses it.
   * @param question built again for every attempt; may throw
   */
  request<A>(act: string, deadlineMs: number, question: () => NatsRequest): Promise<A> {
    return this.#retry(act, deadlineMs, async (timeoutMs) => {
      const answer = (await this.#questions.ask(question(), timeoutMs)).json<A & { readonly error?: ApiError }>();
      if (answer.error !== undefined) throw new JetStreamApiError(answer.error);
      return answer;
    });
  }

  async #retry<T>(act: string, deadlineMs: number, once: (timeoutMs: number) => Promise<T>): Promise<T> {
    const end = performance.now() + deadlineMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(Math.max(1, Math.min(ATTEMPT_MS, end - performance.now())));
      } catch (error) {
        if (error instanceof StatusError) throw error;
        const fault = failureOf(error);
        if (fault === 'wrong-sequence') throw error;
        if (fault !== 'retry') throw rejected(act, fault, error);
        const waitMs = retryDelayMs(attempt, Math.random());
        if (performance.now() + waitMs >= end) throw timedOut(act, deadlineMs, error);
        this.retries++;
        await pause(waitMs);
      }
    }
  }

  /** Not every call of the client library takes a timeout. */
  #withTimeout<T>(call: (timeoutMs: number) => Promise<T>, timeoutMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${Math.ceil(timeoutMs)} ms`)), timeoutMs);
      this.#open.add(reject);
      call(timeoutMs)
        .finally(() => {
          clearTimeout(timer);
          this.#open.delete(reject);
        })
        .then(resolve, reject);
    });
  }
}

function rejected(act: string, fault: Failure, cause: unknown): StatusError {
  const finding = cause instanceof Error ? cause.message : String(cause);
  const remedy = remedyOfGone(cause) ?? "see the master's log";
  const status =
    fault === 'too-large'
      ? failure('RequestEntityTooLarge', `${act}: ${finding}; make the object smaller`)
      : failure('ServiceUnavailable', `${act}: nats-server rejected the request: ${finding}; ${remedy}`);
  return new StatusError(status, { cause });
}

function timedOut(act: string, deadlineMs: number, cause: unknown): StatusError {
  const finding = cause instanceof Error ? cause.message : String(cause);
  const message = `${act}: the store did not answer within ${deadlineMs} ms (last error: ${finding}); the request may have been carried out: read the object before you repeat it`;
  return new StatusError(failure('Timeout', message), { cause });
}
