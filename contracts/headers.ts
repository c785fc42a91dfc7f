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
  /** Encoding of the body. */
  contentType: 'Content-Type',
  /** What an answer should hold, as in Kubernetes: `METADATA_ONLY`, or nothing for whole objects. */
  accept: 'Accept',
  /**
   * Reserved: where a call's answer goes, in what an actor hears and in its record. The broker alone says so; whoever
   * writes this header says nothing by it.
   */
  reply: 'Troupe-Reply',
  /** Reserved: the input `latest` whose newest messages a record carries, all in one body. Only a host hands over such. */
  latest: 'Troupe-Latest',
} as const;

/** `Accept` of who needs no more than an object's metadata; the answer is a `PartialObjectMetadata`. */
export const METADATA_ONLY = 'application/*;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

export const MESSAGE_VERSION = '1';

/** Header values by name, as an actor sees them: no repeated names. */
export type Headers = Readonly<Record<string, string>>;
