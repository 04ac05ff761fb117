// Which options of a list or a watch go together.
// Source: apimachinery pkg/apis/meta/internalversion/validation/validation.go.
import { type Failure, forbiddenField, unsupported } from "../../../api/validation/failure.js";
import type { ResourceCall } from "./resource-call.js";
import { refuseOptions } from "./write-options.js";

const MATCH = "resourceVersionMatch";
const NOT_OLDER = "NotOlderThan";
const EXACT = "Exact";

/** @throws {StatusError} Invalid */
export function checkListOptions(call: ResourceCall): void {
  const { query } = call.request;
  const match = query.get(MATCH) ?? "";
  const failures: Failure[] = [];
  if (match !== "") {
    if (!query.get("resourceVersion"))
      failures.push(forbiddenField(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`));
    failures.push(...continuedFailures(query));
    if (match !== EXACT && match !== NOT_OLDER)
      failures.push(unsupported(MATCH, match, [EXACT, NOT_OLDER, ""]));
    if (match === EXACT && query.get("resourceVersion") === "0")
      failures.push(forbiddenField(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`));
  }
  if (query.has("sendInitialEvents"))
    failures.push(forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  refuseOptions(call, "ListOptions", failures);
}

/** @throws {StatusError} Invalid */
export function checkWatchOptions(call: ResourceCall): void {
  const { query } = call.request;
  const match = query.get(MATCH) ?? "";
  const saysInitial = query.has("sendInitialEvents");
  const failures: Failure[] = [];
  if (saysInitial && match !== NOT_OLDER)
    failures.push(forbiddenField(MATCH, `sendInitialEvents requires setting ${MATCH} to ${NOT_OLDER}`));
  if (match !== "") {
    if (!saysInitial)
      failures.push(
        forbiddenField(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`),
      );
    if (match !== NOT_OLDER) failures.push(unsupported(MATCH, match, [NOT_OLDER]));
    failures.push(...continuedFailures(query));
  }
  refuseOptions(call, "ListOptions", failures);
}

function continuedFailures(query: URLSearchParams): Failure[] {
  return query.get("continue")
    ? [forbiddenField(MATCH, `${MATCH} is forbidden when continue is provided`)]
    : [];
}
