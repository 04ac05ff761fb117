// Which options a create, an update, a patch and a deletion may have. A dry run that is misspelt must not be carried out.
// Source: apimachinery pkg/apis/meta/v1/validation/validation.go.
import { type Failure, forbiddenField, tooLong, unsupported } from "../../../api/validation/failure.js";
import { PATCH_TYPES } from "../../protocol/api-request.js";
import { invalid } from "./api-failures.js";
import type { ResourceCall } from "./resource-call.js";

const FIELD_MANAGER_BYTES_MAX = 128;

/** Verb -> the options' kind. */
const OPTIONS: Readonly<Record<string, string>> = {
  create: "CreateOptions",
  update: "UpdateOptions",
  patch: "PatchOptions",
  delete: "DeleteOptions",
  deletecollection: "DeleteOptions",
};

/** @throws {StatusError} Invalid */
export function checkWriteOptions(call: ResourceCall): void {
  const { query, headers } = call.request;
  const options = OPTIONS[call.info.verb];
  if (options === undefined || query.size === 0) return;
  const failures: Failure[] = [];
  const isApply = headers["content-type"]?.startsWith(PATCH_TYPES.apply) === true;
  if (call.info.verb === "patch" && !isApply && query.has("force"))
    failures.push(forbiddenField("force", "may not be specified for non-apply patch"));
  if (Buffer.byteLength(query.get("fieldManager") ?? "") > FIELD_MANAGER_BYTES_MAX)
    failures.push(tooLong("fieldManager", FIELD_MANAGER_BYTES_MAX));
  failures.push(...dryRunFailures(query.getAll("dryRun")));
  refuseOptions(call, options, failures);
}

/** "All" is all there is. */
export function dryRunFailures(asked: readonly string[]): Failure[] {
  return asked.every((each) => each === "All") ? [] : [unsupported("dryRun", asked, ["All"])];
}

/** @throws {StatusError} Invalid, when there is a failure */
export function refuseOptions(call: ResourceCall, options: string, failures: readonly Failure[]): void {
  if (failures.length > 0) throw invalid({ ...call.kind, group: "meta.k8s.io", kind: options }, "", failures);
}
