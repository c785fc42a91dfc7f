import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { RetryingRequests } from './retrying-requests.ts';
import { SharedRequest } from './shared-request.ts';

const POLL_MS = 2;

/**
 * Waits until the history mirror has copied a revision. A deletion removes the key's earlier revisions from the bucket,
 * and the mirror copies only what is still there (a key written and deleted without a pause lost three of four revisions).
 * A deletion expects the key's last revision, so a mirror that has copied that one has all of them.
 */
export class HistoryMirror {
  readonly #lastCopied: SharedRequest<number>;
  readonly #waitMs: number;
  #copied = 0;

  constructor(options: {
    readonly manager: JetStreamManager;
    readonly requests: RetryingRequests;
    readonly stream: string;
    /** How long to wait for the mirror while the server answers. */
    readonly waitMs: number;
    /** How long to wait for the server's answer: while it is away nothing can be deleted either. */
    readonly deadlineMs: number;
  }) {
    const { manager, requests, stream, waitMs, deadlineMs } = options;
    this.#waitMs = waitMs;
    this.#lastCopied = new SharedRequest(() =>
      requests.call('ask the mirror', deadlineMs, async () => (await manager.streams.info(stream)).state.last_seq),
    );
  }

  /** @returns false when the mirror has not copied `revision` in time: a slow mirror must not prevent deletions */
  async awaitCopied(revision: number): Promise<boolean> {
    if (revision <= this.#copied) return true;
    for (let end: number | undefined; ; ) {
      try {
        this.#copied = await this.#lastCopied.result();
      } catch {
        return false;
      }
      if (revision <= this.#copied) return true;
      end ??= performance.now() + this.#waitMs;
      if (performance.now() > end) return false;
      await pause(POLL_MS);
    }
  }
}
