/** Names of message headers. Headers are not authenticated: only the subject proves who sent a message. */
export const HEADER = {
  /** Version of the message format: a whole number, `1` today. */
  version: 'Troupe-Version',
  /** Id of this message, unique: `<actor>/<instance>/<incarnation>.<turn>.<index>`. */
  id: 'Troupe-Id',
  /** Sender: `<actor>/<instance>`. */
  from: 'Troupe-From',
  /** Id of the message that caused it. */
  cause: 'Troupe-Cause',
  /** W3C trace context. */
  trace: 'traceparent',
  /** `<singleton actor>:<epoch>`; the api-server refuses an epoch older than the newest it knows. */
  epoch: 'Troupe-Epoch',
  /** Encoding of the body. */
  contentType: 'Content-Type',
  /** Content of the answer, as in Kubernetes: `METADATA_ONLY`; absent for whole objects. */
  accept: 'Accept',
  /** On `edge` subjects, which only gateways may publish: the user for whom the gateway asks. Ignored elsewhere. */
  user: 'Troupe-User',
  /** On `edge` subjects: the groups of that user, a JSON list. */
  groups: 'Troupe-Groups',
  /** On `edge` subjects: what else is known of that user, a JSON object of lists. */
  extra: 'Troupe-Extra',
  /** On a session's channel: how many bytes of it came before this message. */
  offset: 'Troupe-Offset',
  /** On a session's channel: its last message; `ok`, or why the channel failed. */
  end: 'Troupe-End',
  /**
   * Reserved: the reply subject of a call, in the headers that an actor sees and in its record. It is set from the broker's
   * protocol; a sender's value is ignored.
   */
  reply: 'Troupe-Reply',
  /** Reserved: in the record of a `latest` input, the input's name; the body has all its messages. Set by the host only. */
  latest: 'Troupe-Latest',
} as const;

/** Value of `Accept` that requests an object's metadata only; the answer is a `PartialObjectMetadata`. */
export const METADATA_ONLY = 'application/*;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

export const MESSAGE_VERSION = '1';

/** Header values by name; no name is repeated. */
export type Headers = Readonly<Record<string, string>>;
