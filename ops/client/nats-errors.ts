import { errors } from 'nats';
import { StatusError, statusError } from '../../contracts/errors/status.ts';
import { BUILT_IN } from '../../contracts/kinds/registry.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';

/** Converts an error of a NATS request to a StatusError with a remedy. */
export function natsErrorToStatus(
  error: unknown,
  about: { readonly subject: string; readonly timeoutMs: number },
): StatusError {
  const { subject, timeoutMs } = about;
  if (error instanceof StatusError) return error;
  for (const cause of chain(error)) {
    if (cause instanceof errors.InvalidArgumentError && cause.message.includes('max_payload')) {
      return statusError(
        'RequestEntityTooLarge',
        `${subject}: the message is larger than nats-server accepts (max_payload); split it`,
      );
    }
    if (cause instanceof errors.NoRespondersError || (cause instanceof errors.RequestError && cause.isNoResponders())) {
      return statusError(
        'ServiceUnavailable',
        `no api-server is listening on ${subject}; start one with "troupe up" or check TROUPE_URL`,
      );
    }
    if (cause instanceof errors.PermissionViolationError) {
      return statusError('Forbidden', forbidden(cause.operation, cause.subject));
    }
    if (cause instanceof errors.TimeoutError) {
      return statusError(
        'Timeout',
        `no answer on ${subject} within ${timeoutMs} ms; see "troupe status" and try again`,
      );
    }
  }
  const text = error instanceof Error ? error.message : String(error);
  return statusError('ServiceUnavailable', `${subject}: ${text}; is nats-server still running ("troupe status")?`);
}

/** Converts an error of connecting to a StatusError with a remedy. */
export function connectErrorToStatus(error: unknown, url: string): StatusError {
  if (error instanceof StatusError) return error;
  for (const cause of chain(error)) {
    if (cause instanceof errors.AuthorizationError || cause instanceof errors.UserAuthenticationExpiredError) {
      return statusError(
        'Unauthorized',
        `nats-server at ${url} does not accept these credentials; check TROUPE_HOME, TROUPE_USER or TROUPE_NKEY`,
      );
    }
    // The package does not export the class that it throws.
    if (cause instanceof Error && cause.message.startsWith('nkeys: '))
      return statusError('Unauthorized', `read the nkey seed: ${cause.message.slice(7)}; check TROUPE_NKEY`);
  }
  const { finding, remedy } = whyUnreachable(error);
  return statusError('ServiceUnavailable', `nats-server at ${url} ${finding}; ${remedy}`);
}

const START = 'start it with "troupe up" or check TROUPE_URL';

function whyUnreachable(error: unknown): { readonly finding: string; readonly remedy: string } {
  if (error instanceof errors.TimeoutError) return { finding: 'does not answer', remedy: START };
  const cause = [...chain(error)].at(-1) as NodeJS.ErrnoException | undefined;
  if (cause?.code === undefined || cause.code === 'ECONNREFUSED')
    return { finding: 'cannot be reached', remedy: START };
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(cause.code)) {
    return {
      finding: `has a certificate that is not trusted (${cause.message})`,
      remedy: 'set NODE_EXTRA_CA_CERTS to the file of the certificate authority',
    };
  }
  return { finding: `cannot be reached (${cause.message})`, remedy: START };
}

function* chain(error: unknown): Generator<unknown> {
  for (let cause = error; cause instanceof Error; cause = cause.cause) yield cause;
}

/** `alice may not list pods in namespace "team-b"`, where the subject is one of the api. */
function forbidden(operation: string, subject: string): string {
  const at = subject.indexOf('.api.');
  const tokens = at < 0 ? undefined : SUBJECTS.api.parse(subject.slice(0, at), subject);
  if (tokens === undefined) return `nats-server refuses to let this user ${operation} ${subject}; use another user`;
  const { caller, verb, resource, namespace } = tokens;
  const where = namespace === '' ? '' : ` in namespace "${namespace}"`;
  const kind = BUILT_IN.byResource(resource);
  const remedy =
    kind?.namespaced === false ? 'use another user' : 'name one of your namespaces with -n, or use another user';
  return `${caller} may not ${verb} ${resource}${where}: nats-server refuses ${subject}; ${remedy}`;
}
