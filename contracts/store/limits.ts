/** An object's encoded size, at most; larger ones are refused with 413. */
export const OBJECT_BYTES_MAX = 1_572_864;
/** What a message may carry besides an object: subject, headers. The server's limit less this bounds an object too. */
export const MESSAGE_OVERHEAD_BYTES = 16_384;
/** How long the marker of a deletion stays; who was away for less than half of it may resume a watch. */
export const MARKER_TTL_MS = 3_600_000;
/** Revisions of a key that the bucket keeps for slow readers; the mirror keeps all. */
export const HISTORY_PER_KEY = 64;
export const EVENT_TTL_MS = 3_600_000;
export const LEASE_TTL_MS = 10_000;
