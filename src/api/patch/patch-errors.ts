// How patches are refused, with upstream's codes and texts.
// Source: apiserver pkg/endpoints/handlers/patch.go; apimachinery pkg/api/errors, pkg/util/mergepatch/errors.go.
import { StatusError } from "../status.js";
import { goText, goTypeName, type JsonObject } from "./json-tree.js";

export function badPatch(message: string): StatusError {
  return new StatusError("BadRequest", message);
}

/** Upstream keeps the particulars from the client; here they are the error's `cause`. */
export function inapplicablePatch(particulars: string): StatusError {
  const error = new StatusError(
    "Invalid",
    "the server rejected our request due to an error in our request",
    {},
  );
  error.cause = particulars;
  return error;
}

/** What upstream has no Status for ends as code 500 without a reason, with the bare text. */
export function unexpectedPatch(message: string): StatusError {
  return StatusError.of({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    code: 500,
  });
}

export function missingMergeKey(item: JsonObject, mergeKey: string): StatusError {
  return unexpectedPatch(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

export function wrongType(expected: unknown, got: unknown): StatusError {
  return unexpectedPatch(`expected a ${goTypeName(expected)}, but received a ${goTypeName(got)}`);
}
