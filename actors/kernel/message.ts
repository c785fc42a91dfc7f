/** What the kernel needs of a message that arrived; NATS messages and service messages both have it. */
export interface InboundMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string | undefined;
  readonly headers?: Iterable<readonly [string, readonly string[]]> | undefined;
  respond(data: Uint8Array): boolean;
}
