// The scale subresource: how many replicas a workload wants and has, in one shape for all kinds.
// Source: k8s.io/api autoscaling/v1 Scale; pkg/registry/apps/*/storage (ScaleREST).
import { decodedBody, decodedPatch } from "../object-codec.js";
import type { KubeObject, LabelSelector } from "../../../api/meta.js";
import { applyJsonPatch } from "../../../api/patch/json-patch.js";
import type { JsonObject } from "../../../api/patch/json-tree.js";
import { applyMergePatch } from "../../../api/patch/merge-patch.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import { badRequest, conflict, invalid, OPTIMISTIC_LOCK } from "../registry/api-failures.js";
import { patchType } from "../registry/patch-object.js";
import { current } from "../registry/read-object.js";
import type { ResourceCall } from "../registry/resource-call.js";
import { changeObject } from "../registry/update-object.js";
import { selectorText } from "../../../api/printing/label-text.js";
import type { SpecObject } from "../strategy/strategy.js";

const SCALE = { group: "autoscaling", version: "v1", kind: "Scale" };

interface Scale extends KubeObject {
  readonly spec?: { readonly replicas?: number };
}

export async function getScale(call: ResourceCall): Promise<ApiResponse> {
  await call.registry.objects.fresh();
  return { kind: "object", code: 200, object: scaleOf(current(call)) };
}

export async function updateScale(call: ResourceCall): Promise<ApiResponse> {
  const scale = decodedBody(call.request, SCALE).object as Scale;
  if (scale.metadata.name !== call.info.name)
    throw badRequest(
      `the name of the object (${scale.metadata.name}) does not match the name on the URL (${call.info.name})`,
    );
  return changed(call, () => scale);
}

export function patchScale(call: ResourceCall): Promise<ApiResponse> {
  const type = patchType(call);
  const patch = decodedPatch(call.request);
  return changed(call, (scale) => {
    const target = scale as unknown as JsonObject;
    // A Scale has no lists: a strategic patch of it is a merge patch, and an applied one states all it has.
    const result = type === "json" ? applyJsonPatch(target, patch) : applyMergePatch(target, patch);
    return result as unknown as Scale;
  });
}

async function changed(call: ResourceCall, change: (scale: Scale) => Scale): Promise<ApiResponse> {
  const object = await changeObject(call, {
    subresource: "scale",
    change: (workload: SpecObject) => scaled(call, workload, change(scaleOf(workload))),
  });
  return { kind: "object", code: 200, object: scaleOf(object) };
}

function scaled(call: ResourceCall, workload: SpecObject, scale: Scale): KubeObject {
  const { resourceVersion, uid } = scale.metadata;
  const { info, kind } = call;
  if (resourceVersion && resourceVersion !== workload.metadata.resourceVersion)
    throw conflict(kind, info.name, OPTIMISTIC_LOCK);
  if (uid && uid !== workload.metadata.uid) throw conflict(kind, info.name, OPTIMISTIC_LOCK);
  const replicas = scale.spec?.replicas ?? 0;
  if (!Number.isSafeInteger(replicas) || replicas < 0)
    throw invalid({ ...kind, group: SCALE.group, kind: SCALE.kind }, info.name, [
      {
        field: "spec.replicas",
        message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
        reason: "FieldValueInvalid",
      },
    ]);
  return replicas === workload.spec?.["replicas"]
    ? workload
    : ({ ...workload, spec: { ...workload.spec, replicas } } as KubeObject);
}

function scaleOf(workload: SpecObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = workload.metadata;
  const { spec, status } = workload;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as KubeObject["metadata"],
    spec: { replicas: (spec?.["replicas"] as number | undefined) ?? 1 },
    status: {
      replicas: (status?.["replicas"] as number | undefined) ?? 0,
      selector: selectorOf(workload),
    },
  } as Scale;
}

/** A ReplicationController's selector is plain labels, the others' a LabelSelector. */
function selectorOf({ kind, spec }: SpecObject): string {
  const selector = spec?.["selector"];
  if (typeof selector !== "object" || selector === null) return "";
  return selectorText(
    kind === "ReplicationController"
      ? { matchLabels: selector as Record<string, string> }
      : (selector as LabelSelector),
  );
}
