import { JetStreamApiError } from '@nats-io/jetstream';

const STREAM_NOT_FOUND = 10059;

/** The remedy for an error which says that a stream does not exist any more; `undefined` for other errors. */
export function remedyOfGone(error: unknown): string | undefined {
  if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND) return undefined;
  return 'it was deleted, or nats-server started with an empty disk: stop nats-server and restore the backup of its folder, or restart the masters, which create an empty one';
}

const UNANSWERED =
  'no answer from nats-server in time; check that its machine and disk are not overloaded and, in a cluster of servers, that more than half of them run';

/** An error's message, with its remedy if one is known. */
export function findingOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return UNANSWERED;
  const message = error instanceof Error ? error.message : String(error);
  const remedy = remedyOfGone(error);
  return remedy === undefined ? message : `${message}; ${remedy}`;
}
