import type { Headers } from '../../../contracts/headers.ts';

/** The part of a received message that the kernel uses. */
export interface InboundMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string | undefined;
  readonly headers?: { readonly named: Headers } | undefined;
  /** Answers on behalf of the behaviour. @returns whether the answer was sent */
  respond(data: Uint8Array): boolean;
  /** Called when the answer was sent; absent where answers are not counted. */
  answered?(body: unknown): void;
}
