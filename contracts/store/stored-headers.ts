/** Names of further headers of stored messages. */
export const STORE_HEADER = {
  /** Id of the request that wrote it: after a lost acknowledgement, the writer recognises its own write by it. */
  request: 'Troupe-Request',
  /** Compare-and-set: the sequence that the key's last message must have; 0 = the key must not exist. */
  expect: 'Nats-Expected-Last-Subject-Sequence',
  /** `PURGE`: the object was deleted. */
  operation: 'KV-Operation',
  /** `sub`, with a deletion: earlier messages of the key are dropped. */
  rollup: 'Nats-Rollup',
  /** With a deletion: how long its marker is kept, such as `3600s`. */
  ttl: 'Nats-TTL',
  /**
   * JSON, on writes of Events: the selectable fields of the event before this write, if they differ from the new ones. Earlier
   * versions of events are not kept, and a watch with a selector must know which events stop matching.
   */
  before: 'Troupe-Before',
} as const;
