/** Names of the headers that stored messages carry besides those of every message. */
export const STORE_HEADER = {
  /** Id of the request that wrote this: by it a writer knows its own write again after a lost acknowledgement. */
  request: 'Troupe-Request',
  /** Compare-and-set: the sequence that the key's last message must have; 0 = there must be none. */
  expect: 'Nats-Expected-Last-Subject-Sequence',
  /** `PURGE`: the object was deleted. */
  operation: 'KV-Operation',
  /** `sub`, with a deletion: what the key held before is dropped. */
  rollup: 'Nats-Rollup',
  /** With a deletion: how long its marker stays, such as `3600s`. */
  ttl: 'Nats-TTL',
  /**
   * JSON, on writes of Events: what selectors looked at in the event before this write, where that is not what they find in
   * what is stored. Nobody keeps the events of before, and who watches with a selector must know which stop matching.
   */
  before: 'Troupe-Before',
} as const;
