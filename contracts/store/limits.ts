/** Largest encoded object; a larger one is refused with 413. */
export const OBJECT_BYTES_MAX = 1_572_864;
/** Reserve for a message's subject and headers. An object must also fit into the server's message limit minus this. */
export const MESSAGE_OVERHEAD_BYTES = 16_384;
/** How long a deletion marker is kept. A client that was disconnected for less than half of it can resume its watch. */
export const MARKER_TTL_MS = 3_600_000;
/** Revisions per key that the bucket keeps for slow readers; the history stream keeps all. */
export const HISTORY_PER_KEY = 64;
export const EVENT_TTL_MS = 3_600_000;
export const LEASE_TTL_MS = 10_000;
