// The error that a caller gets for what the server refuses.
import { type Status, STATUS_REASONS, StatusError } from "../../api/status.js";
import { isStatusObject } from "../protocol/api-request.js";

/** The error for an answer of 400 or more: its Status, or one made from the code when there is none. */
export function failureOf(answer: object | null, code: number): StatusError {
  if (answer !== null && isStatusObject(answer)) return StatusError.of(answer);
  const status: Status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `the server answered with code ${code}`,
    reason: reasonOf(code),
    code,
  };
  return StatusError.of(status);
}

function reasonOf(code: number): keyof typeof STATUS_REASONS {
  for (const reason of Object.keys(STATUS_REASONS) as (keyof typeof STATUS_REASONS)[])
    if (STATUS_REASONS[reason] === code) return reason;
  return code < 500 ? "BadRequest" : "InternalError";
}
