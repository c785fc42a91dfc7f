import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { failure, StatusError } from '../../contracts/errors/status.ts';
import { remedyOfGone } from '../kernel/nats/nats-error-text.ts';
import { type NatsRequest, NatsRequests } from '../kernel/nats/nats-requests.ts';
import { type Failure, planFailure, retryDelayMs } from './plan-failure.ts';

/** One attempt waits at most this long for its answer. */
const ATTEMPT_MS = 2_000;

/** What JetStream says instead of an answer. */
interface Refusal {
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
 * Repeats calls of the server until they are answered or their deadline is over. A lost connection ends an attempt at once:
 * its answer will never come.
 */
export class Attempts {
  readonly #connection: NatsConnection;
  readonly #questions: NatsRequests;
  readonly #open = new Set<(error: Error) => void>();
  /** Attempts after the first. */
  retries = 0;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#questions = new NatsRequests(connection);
  }

  /** Follows the connection until it closes. */
  async follow(): Promise<void> {
    for await (const status of this.#connection.status()) {
      // What is asked while it is away goes nowhere either: the client drops it as it connects.
      if (status.type !== 'disconnect' && status.type !== 'reconnect') continue;
      const lost = new Error('the connection was lost before the answer came');
      this.#questions.fail(lost);
      for (const fail of this.#open) fail(lost);
    }
  }

  /**
   * @param act  what is done, as an error says it: `write pods.a.x`
   * @param call one attempt
   * @throws StatusError Timeout, ServiceUnavailable, RequestEntityTooLarge; a wrong sequence as the JetStreamApiError it came as
   */
  until<T>(act: string, deadlineMs: number, call: (timeoutMs: number) => Promise<T>): Promise<T> {
    return this.#repeat(act, deadlineMs, (timeoutMs) => this.#once(call, timeoutMs));
  }

  /**
   * `until` for one question to JetStream, with as little around it as can be: it is on the way of every read and write.
   * @param question made anew for every attempt; may throw
   */
  ask<A>(act: string, deadlineMs: number, question: () => NatsRequest): Promise<A> {
    return this.#repeat(act, deadlineMs, async (timeoutMs) => {
      const answer = (await this.#questions.ask(question(), timeoutMs)).json<A & { readonly error?: Refusal }>();
      if (answer.error !== undefined) throw new JetStreamApiError(answer.error);
      return answer;
    });
  }

  async #repeat<T>(act: string, deadlineMs: number, once: (timeoutMs: number) => Promise<T>): Promise<T> {
    const end = performance.now() + deadlineMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(Math.max(1, Math.min(ATTEMPT_MS, end - performance.now())));
      } catch (error) {
        if (error instanceof StatusError) throw error;
        const fault = failureOf(error);
        if (fault === 'wrong-sequence') throw error;
        if (fault !== 'retry') throw refusal(act, fault, error);
        const waitMs = retryDelayMs(attempt, Math.random());
        if (performance.now() + waitMs >= end) throw tooLate(act, deadlineMs, error);
        this.retries++;
        await pause(waitMs);
      }
    }
  }

  /** Not every call of the client takes a timeout, so each has one here. */
  #once<T>(call: (timeoutMs: number) => Promise<T>, timeoutMs: number): Promise<T> {
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

function refusal(act: string, fault: Failure, cause: unknown): StatusError {
  const finding = cause instanceof Error ? cause.message : String(cause);
  const remedy = remedyOfGone(cause) ?? "see the master's log";
  const status =
    fault === 'too-large'
      ? failure('RequestEntityTooLarge', `${act}: ${finding}; make the object smaller`)
      : failure('ServiceUnavailable', `${act}: the server refused: ${finding}; ${remedy}`);
  return new StatusError(status, { cause });
}

function tooLate(act: string, deadlineMs: number, cause: unknown): StatusError {
  const finding = cause instanceof Error ? cause.message : String(cause);
  const message = `${act}: no answer from the store within ${deadlineMs} ms (last: ${finding}); it may have been done: read before you repeat it`;
  return new StatusError(failure('Timeout', message), { cause });
}
