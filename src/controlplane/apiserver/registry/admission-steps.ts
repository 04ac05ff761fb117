// What every write goes through, in order: defaults, credit for fields, mutating admission, validity, validating admission.
// What admission adds is nobody's: the writer did not ask for it.
// Source: apiserver pkg/endpoints/handlers/{create,update,patch}.go (the field manager comes before admission).
import { applyDefaults } from "../../../api/defaults/apply-defaults.js";
import type { KubeObject } from "../../../api/meta.js";
import { PATCH_TYPES } from "../../protocol/api-request.js";
import type { AdmissionRequest, Eventually } from "../access.js";
import { strategyOf } from "../strategy/strategies.js";
import { type FieldFailure, invalid } from "./api-failures.js";
import { tracked } from "./field-tracking.js";
import type { ResourceCall } from "./resource-call.js";

interface Write extends Pick<AdmissionRequest, "operation" | "subresource" | "oldObject"> {
  readonly object: KubeObject;
}

export function admitted(call: ResourceCall, write: Write): Eventually<KubeObject> {
  const { admission } = call.registry;
  const { oldObject: current, subresource } = write;
  const defaulted = applyDefaults(write.object);
  const credited = isApply(call) ? defaulted : tracked(call, subresource, defaulted, current);
  const mutating = admission.mutate(admissionRequest(call, write, credited));
  const finished = (mutated: KubeObject | null) => {
    const object = mutated ?? credited;
    return validated(
      call,
      write,
      write.operation === "CREATE" ? strategyOf(call.kind).forAdmitted(object) : object,
    );
  };
  return mutating instanceof Promise ? mutating.then(finished) : finished(mutating);
}

function validated(call: ResourceCall, write: Write, object: KubeObject): Eventually<KubeObject> {
  const { kind, registry } = call;
  const { admission, validation } = registry;
  const { oldObject: current, subresource } = write;
  refuseInvalid(
    call,
    object,
    current === null
      ? validation.validateCreate(object, kind)
      : validation.validateUpdate(object, current, kind, subresource),
  );
  const validating = admission.validate(admissionRequest(call, write, object));
  return validating instanceof Promise ? validating.then(() => object) : object;
}

/** A deletion has no object of its own. */
export async function admitDeletion(call: ResourceCall, current: KubeObject): Promise<void> {
  const { admission } = call.registry;
  const request = {
    ...admissionRequest(call, { operation: "DELETE", subresource: "", oldObject: current }, current),
    object: null,
  };
  await admission.mutate(request);
  await admission.validate(request);
}

export function admissionRequest(
  call: ResourceCall,
  write: Omit<Write, "object">,
  object: KubeObject,
): AdmissionRequest {
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
