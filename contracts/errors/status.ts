/** Reasons for a refusal, Kubernetes' `metav1.StatusReason`, each with its HTTP code. */
export const STATUS_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  Gone: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type StatusReason = keyof typeof STATUS_CODES;

/** One finding about one field; `metav1.StatusCause`. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  /** Path of the field: `spec.containers[0].image`. */
  readonly field: string;
}

/** Kubernetes' `metav1.Status`: the shape of every refusal. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Failure' | 'Success';
  /** Names the operation, the finding and the remedy. */
  readonly message: string;
  readonly reason?: StatusReason;
  readonly code: number;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly group?: string;
    readonly uid?: string;
    readonly causes?: readonly StatusCause[];
    readonly retryAfterSeconds?: number;
  };
}

export function failure(reason: StatusReason, message: string, details?: Status['details']): Status {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason } as const;
  return { ...status, code: STATUS_CODES[reason], ...(details === undefined ? {} : { details }) };
}

export function success(details?: Status['details']): Status {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', message: '', code: 200 } as const;
  return { ...status, ...(details === undefined ? {} : { details }) };
}

/** Is this message body a refusal (a `Status` with status `Failure`)? */
export function isFailure(body: unknown): body is Status {
  return (
    typeof body === 'object' &&
    body !== null &&
    (body as Status).kind === 'Status' &&
    (body as Status).apiVersion === 'v1' &&
    (body as Status).status === 'Failure'
  );
}

/** A refusal as an exception. `retryOf` says whether a retry can help. */
export class StatusError extends Error {
  readonly status: Status;
  constructor(status: Status, options?: ErrorOptions) {
    super(status.message, options);
    this.name = 'StatusError';
    this.status = status;
  }
  get reason(): StatusReason | undefined {
    return this.status.reason;
  }
}

/**
 * `never`: the caller must change the request; `reread`: another writer was first, so read the object and try again;
 * `backoff`: wait and retry.
 */
export type Retry = 'never' | 'reread' | 'backoff';

const RETRY: Record<StatusReason, Retry> = {
  BadRequest: 'never',
  Unauthorized: 'never',
  Forbidden: 'never',
  NotFound: 'reread',
  MethodNotAllowed: 'never',
  NotAcceptable: 'never',
  AlreadyExists: 'reread',
  Conflict: 'reread',
  Expired: 'reread',
  Gone: 'reread',
  RequestEntityTooLarge: 'never',
  UnsupportedMediaType: 'never',
  Invalid: 'never',
  TooManyRequests: 'backoff',
  InternalError: 'backoff',
  ServiceUnavailable: 'backoff',
  Timeout: 'backoff',
};

/** Whether and how to retry after `error`; errors other than a refusal with a reason are retried with backoff. */
export function retryOf(error: unknown): Retry {
  return error instanceof StatusError && error.reason !== undefined ? RETRY[error.reason] : 'backoff';
}

export const statusError = (reason: StatusReason, message: string, details?: Status['details']): StatusError =>
  new StatusError(failure(reason, message, details));

/** @param most largest message on this subject, in bytes */
export const messageTooLarge = (subject: string, bytes: number, most: number): Status =>
  failure('RequestEntityTooLarge', `${subject}: the message has ${bytes} bytes; the limit is ${most}`);
