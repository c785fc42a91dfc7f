import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Attempts } from './retrying-requests.ts';
import { SharedQuestion } from './shared-request.ts';

const LOOK_EVERY_MS = 2;

/**
 * A deletion removes the key's earlier revisions from the bucket, and the mirror copies only what it still finds there
 * (a key written and deleted without a pause lost three of four revisions). As a deletion expects the key's last revision,
 * a mirror that has come that far has them all.
 */
export class MirrorGate {
  readonly #question: SharedQuestion<number>;
  readonly #waitMs: number;
  #copied = 0;

  constructor(options: {
    readonly manager: JetStreamManager;
    readonly attempts: Attempts;
    readonly stream: string;
    /** How long the mirror may take, once the server answers. */
    readonly waitMs: number;
    /** How long the server may take: while it is away nothing can be deleted either. */
    readonly deadlineMs: number;
  }) {
    const { manager, attempts, stream, waitMs, deadlineMs } = options;
    this.#waitMs = waitMs;
    this.#question = new SharedQuestion(() =>
      attempts.until('ask the mirror', deadlineMs, async () => (await manager.streams.info(stream)).state.last_seq),
    );
  }

  /** @returns false when the mirror did not come to `revision` in time: history must not keep anybody from deleting */
  async passed(revision: number): Promise<boolean> {
    if (revision <= this.#copied) return true;
    for (let end: number | undefined; ; ) {
      try {
        this.#copied = await this.#question.answer();
      } catch {
        return false;
      }
      if (revision <= this.#copied) return true;
      end ??= performance.now() + this.#waitMs;
      if (performance.now() > end) return false;
      await pause(LOOK_EVERY_MS);
    }
  }
}
