// PATCH: the object as it is, with the patch applied, then as any update; again when somebody came between.
// Source: apiserver pkg/endpoints/handlers/patch.go.
import { checkedObject, decodedPatch, toVersion } from "../object-codec.js";
import { UnfitBody } from "../../../api/codec/decode-object.js";
import { toStorage } from "../../../api/codec/convert.js";
import { apiVersionOf } from "../../../api/kinds/kinds.js";
import type { KubeObject } from "../../../api/meta.js";
import { applyJsonPatch } from "../../../api/patch/json-patch.js";
import type { JsonObject } from "../../../api/patch/json-tree.js";
import { applyMergePatch } from "../../../api/patch/merge-patch.js";
import { applyPatch } from "../../../api/patch/server-side-apply.js";
import { applyStrategicMergePatch } from "../../../api/patch/strategic-merge-patch.js";
import { schemaOf } from "../../../api/schema/schemas.js";
import type { ObjectSchema } from "../../../api/schema/type-schema.js";
import { StatusError } from "../../../api/status.js";
import { present } from "../../../base/assert.js";
import { type ApiResponse, PATCH_TYPES, type PatchType } from "../../protocol/api-request.js";
import { badRequest, invalid } from "./api-failures.js";
import { create } from "./create-object.js";
import { fieldManager, resetFields } from "./field-tracking.js";
import { unfitPatch } from "./patch-refusal.js";
import { answer, keyOf, type ResourceCall, timestamp } from "./resource-call.js";
import { changeObject } from "./update-object.js";

export async function patchObject(call: ResourceCall): Promise<ApiResponse> {
  if (patchType(call) === "apply") return applyObject(call, decodedPatch(call.request));
  return answer(
    call,
    200,
    await changeObject(call, { subresource: call.info.subresource, change: patchedBy(call) }),
  );
}

/** What the request's patch makes of an object. @throws {StatusError} */
export function patchedBy(call: ResourceCall): (current: KubeObject) => KubeObject {
  const type = patchType(call);
  const patch = decodedPatch(call.request);
  return type === "apply"
    ? (current) => applied(call, current, patch)
    : (current) => patched(call, type, current, patch);
}

/** By content type. @throws {StatusError} UnsupportedMediaType */
export function patchType(call: ResourceCall): PatchType {
  const given = (call.request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  const found = (Object.keys(PATCH_TYPES) as PatchType[]).find((type) => PATCH_TYPES[type] === given);
  if (found !== undefined) return found;
  throw new StatusError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${Object.values(PATCH_TYPES).join(", ")}`,
  );
}

/** An object with a patch applied in the version that the client speaks. */
function patched(call: ResourceCall, type: PatchType, current: KubeObject, patch: unknown): KubeObject {
  const { kind, version } = call;
  const target = toVersion(current, kind, version) as unknown as JsonObject;
  const result = resultOf(type, target, patch, schemaOfCall(call)) as unknown as KubeObject;
  try {
    return toStorage(checked(call, result));
  } catch (error) {
    throw error instanceof UnfitBody ? unfitPatch(type, patch, result, error) : error;
  }
}

function resultOf(type: PatchType, target: JsonObject, patch: unknown, schema: ObjectSchema): JsonObject {
  switch (type) {
    case "json":
      return applyJsonPatch(target, patch);
    case "merge":
      return applyMergePatch(target, patch);
    default:
      return applyStrategicMergePatch(target, patch, schema);
  }
}

/** A patch can neither rename an object nor make another kind of it, and must leave something the schema allows. */
function checked(call: ResourceCall, result: KubeObject): KubeObject {
  const { kind, version, info, request } = call;
  if (result.metadata?.name !== info.name)
    throw badRequest(
      `the name of the object (${result.metadata?.name}) does not match the name on the URL (${info.name})`,
    );
  const { object, warnings } = checkedObject(request, result, {
    group: kind.group,
    version,
    kind: kind.kind,
  });
  call.warnings.push(...warnings);
  return object;
}

function schemaOfCall({ kind, version }: ResourceCall): ObjectSchema {
  return present(schemaOf(kind.group, version, kind.kind), `schema of ${kind.kind}`);
}

/** Server-side apply: it makes what does not exist. */
async function applyObject(call: ResourceCall, patch: unknown): Promise<ApiResponse> {
  const { info, request, registry } = call;
  if (!request.query.get("fieldManager"))
    throw invalid({ ...call.kind, group: "meta.k8s.io", kind: "PatchOptions" }, "", [
      {
        field: "fieldManager",
        message: "Required value: is required for apply patch",
        reason: "FieldValueRequired",
      },
    ]);
  const apply = (live: KubeObject | null) => applied(call, live, patch);
  await registry.objects.fresh();
  if (
    info.subresource === "" &&
    registry.objects.cache(call.prefix).get(keyOf(call, info.name)) === undefined
  )
    return answer(call, 201, await create(call, apply(null)));
  return answer(call, 200, await changeObject(call, { subresource: info.subresource, change: apply }));
}

function applied(call: ResourceCall, live: KubeObject | null, patch: unknown): KubeObject {
  const { registry, kind, version, info, request } = call;
  const target = live === null ? null : (toVersion(live, kind, version) as unknown as JsonObject);
  const result = applyPatch(target, patch, {
    manager: fieldManager(call),
    apiVersion: apiVersionOf(kind.group, version),
    subresource: info.subresource,
    schema: schemaOfCall(call),
    now: timestamp(registry.timers),
    resetFields: resetFields(call),
    force: request.query.get("force") === "true",
  }) as unknown as KubeObject;
  const { name = info.name } = result.metadata ?? {};
  return toStorage(checked(call, { ...result, metadata: { ...result.metadata, name } }));
}
