// Outcomes of API requests in Kubernetes' own shape. A request that cannot be served is not a bug: it is a Status.
// Source: apimachinery pkg/apis/meta/v1 types.go (Status, StatusReason), pkg/api/errors.

/** Reason -> HTTP code. */
export const STATUS_REASONS = {
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

export type StatusReason = keyof typeof STATUS_REASONS;

export interface StatusCause {
  /** "FieldValueInvalid", "FieldManagerConflict", "ExitCode"... */
  readonly reason: string;
  readonly message: string;
  /** Path as in `spec.containers[0].name`. */
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The resource ("pods"), or the kind for validation errors. */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Record<string, never>;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** A Status on its way to the client: thrown by handlers, caught once at the edge; what clients' promises reject with. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: Status;

  constructor(reason: StatusReason, message: string, details?: StatusDetails) {
    super(message);
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code: STATUS_REASONS[reason],
    };
  }

  /** From a Status that came over the wire. */
  static of(status: Status): StatusError {
    const error = new StatusError(status.reason ?? "InternalError", status.message ?? "", status.details);
    (error as { status: Status }).status = status;
    return error;
  }
}

/** Whether this is the failure that a caller expects: `isStatus(error, "NotFound")`. */
export function isStatus(error: unknown, reason: StatusReason): boolean {
  return error instanceof StatusError && error.status.reason === reason;
}
