// What every write goes through, in order: defaults, mutating admission, credit for fields, validity, validating admission.
import type { KubeObject } from "../../../api/meta.js";
import type { AdmissionRequest } from "../access.js";
import { type FieldFailure, invalid } from "./api-failures.js";
import { isDryRun, type ResourceCall, timestamp } from "./resource-call.js";

interface Write extends Pick<AdmissionRequest, "operation" | "subresource" | "oldObject"> {
  readonly object: KubeObject;
}

export async function admitted(call: ResourceCall, write: Write): Promise<KubeObject> {
  const { registry, kind } = call;
  const { admission, rules, tracker } = registry;
  const { oldObject: current, subresource } = write;
  const defaulted = rules.applyDefaults(write.object, kind);
  const request = admissionRequest(call, write);
  const mutating = admission.mutate({ ...request, object: defaulted });
  const mutated = (mutating instanceof Promise ? await mutating : mutating) ?? defaulted;
  const credit = { manager: fieldManager(call), subresource, time: timestamp(registry.timers) };
  const object = tracker.track(mutated, current, kind, credit);
  refuseInvalid(
    call,
    object,
    current === null
      ? rules.validateCreate(object, kind)
      : rules.validateUpdate(object, current, kind, subresource),
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
    isDryRun: isDryRun(call),
    object,
    oldObject: write.oldObject,
  };
}

function refuseInvalid(call: ResourceCall, object: KubeObject, failures: readonly FieldFailure[]): void {
  if (failures.length > 0) throw invalid(call.kind, object.metadata.name, failures);
}

/** Who writes, for managedFields: as asked, else the program's name. */
export function fieldManager(call: ResourceCall): string {
  const asked = call.request.query.get("fieldManager");
  if (asked !== null && asked !== "") return asked;
  return call.request.headers["user-agent"]?.split("/")[0] || "unknown";
}
