/** Names of the headers that every message carries. Headers are hints: who spoke is told by the subject alone. */
export const HEADER = {
  /** Version of the message format: a whole number, `1` today. */
  version: 'Troupe-Version',
  /** Id of this message, unique: `<actor>/<instance>/<incarnation>.<turn>.<index>`. */
  id: 'Troupe-Id',
  /** `<actor>/<instance>` that sent it. */
  from: 'Troupe-From',
  /** Id of the message that caused it. */
  cause: 'Troupe-Cause',
  /** W3C trace context. */
  trace: 'traceparent',
  /** `<singleton actor>:<epoch>`; the api-server refuses an epoch older than the newest it knows. */
  epoch: 'Troupe-Epoch',
  contentType: 'Content-Type',
} as const;

export const MESSAGE_VERSION = '1';

/** Header values by name, as an actor sees them: no repeated names. */
export type Headers = Readonly<Record<string, string>>;
