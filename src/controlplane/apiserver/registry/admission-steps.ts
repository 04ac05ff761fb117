// What every write goes through, in order: defaults, credit for fields, mutating admission, validity, validating admission.
// What admission adds is nobody's: the writer did not ask for it.
// Source: apiserver pkg/endpoints/handlers/{create,update,patch}.go (the field manager comes before admission).
import { applyDefaults } from "../../../api/defaults/apply-defaults.js";
import type { KubeObject } from "../../../api/meta.js";
import { PATCH_TYPES } from "../../protocol/api-request.js";
import type { AdmissionRequest } from "../access.js";
import { type FieldFailure, invalid } from "./api-failures.js";
import { tracked } from "./field-tracking.js";
import type { ResourceCall } from "./resource-call.js";

interface Write extends Pick<AdmissionRequest, "operation" | "subresource" | "oldObject"> {
  readonly object: KubeObject;
}

export async function admitted(call: ResourceCall, write: Write): Promise<KubeObject> {
  const { registry, kind } = call;
  const { admission, validation } = registry;
  const { oldObject: current, subresource } = write;
  const defaulted = applyDefaults(write.object);
  const credited = isApply(call) ? defaulted : tracked(call, subresource, defaulted, current);
  const request = admissionRequest(call, write);
  const mutating = admission.mutate({ ...request, object: credited });
  const object = (mutating instanceof Promise ? await mutating : mutating) ?? credited;
  refuseInvalid(
    call,
    object,
    current === null
      ? validation.validateCreate(object, kind)
      : validation.validateUpdate(object, current, kind, subresource),
  );
  const validating = admission.validate({ ...request, object });
  if (validating instanceof Promise) await validating;
  return object;
}

/** A deletion has no object of its own. */
export async function admitDeletion(call: ResourceCall, current: KubeObject): Promise<void> {
  const { admission } = call.registry;
  const request = {
    ...admissionRequest(call, { operation: "DELETE", subresource: "", oldObject: current, object: current }),
    object: null,
  };
  await admission.mutate(request);
  await admission.validate(request);
}

export function admissionRequest(call: ResourceCall, write: Write): AdmissionRequest {
  const { object } = write;
  return {
    operation: write.operation,
    kind: call.kind,
    subresource: write.subresource,
    namespace: call.kind.isNamespaced ? call.info.namespace : "",
    name: object.metadata.name,
    user: call.user,
    isDryRun: call.isDryRun,
    object,
    oldObject: write.oldObject,
  };
}

function refuseInvalid(call: ResourceCall, object: KubeObject, failures: readonly FieldFailure[]): void {
  if (failures.length > 0) throw invalid(call.kind, object.metadata.name, failures);
}

/** Server-side apply has recorded what it owns. */
function isApply({ request, info }: ResourceCall): boolean {
  return info.verb === "patch" && request.headers["content-type"]?.startsWith(PATCH_TYPES.apply) === true;
}
