// The answer to a request that failed: a Status, also for bugs, which must not take the server down.
import { StatusError } from "../../../api/status.js";
import type { ApiResponse } from "../../protocol/api-request.js";

export function answerOfFailure(error: unknown): ApiResponse {
  const { status } = error instanceof StatusError ? error : internal(error);
  const seconds = status.details?.retryAfterSeconds;
  return {
    kind: "object",
    code: status.code,
    object: status,
    ...(seconds === undefined ? {} : { headers: { "retry-after": String(seconds) } }),
  };
}

function internal(error: unknown): StatusError {
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError("InternalError", `Internal error occurred: ${message}`, {
    causes: [{ reason: "", message }],
  });
}
