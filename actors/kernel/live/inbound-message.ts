import type { Headers } from '../../../contracts/headers.ts';

/** What the kernel needs of a message that arrived. */
export interface InboundMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string | undefined;
  readonly headers?: { readonly named: Headers } | undefined;
  /** Answers in the behaviour's place. */
  respond(data: Uint8Array): boolean;
  /** Its answer was said; absent where nobody counts. */
  answered?(body: unknown): void;
}
