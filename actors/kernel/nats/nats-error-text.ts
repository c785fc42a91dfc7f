import { JetStreamApiError } from '@nats-io/jetstream';

const STREAM_NOT_FOUND = 10059;

/** What to do about it, when an error says that a stream is not there any more. */
export function remedyOfGone(error: unknown): string | undefined {
  if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND) return undefined;
  return 'it was deleted, or nats-server began on an empty disk: stop nats-server and put the backup of its folder back, or restart the masters, which make an empty one';
}

const UNANSWERED =
  'no answer from nats-server in time; see that its machine and its disk keep up and, where it is one of several, that more than half of them run';

/** An error's message, with what to do where that is known. */
export function findingOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return UNANSWERED;
  const message = error instanceof Error ? error.message : String(error);
  const remedy = remedyOfGone(error);
  return remedy === undefined ? message : `${message}; ${remedy}`;
}
