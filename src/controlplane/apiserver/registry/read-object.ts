// GET of one object.
import type { KubeObject } from "../../../api/meta.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import { notFound } from "./api-failures.js";
import { keyOf, type ResourceCall, answer } from "./resource-call.js";
import { checkResourceVersion } from "./resource-version.js";

export function getObject(call: ResourceCall): Promise<ApiResponse> | ApiResponse {
  const asked = call.request.query.get("resourceVersion");
  if (asked !== null) checkResourceVersion(call, asked);
  const waiting = call.registry.objects.fresh();
  if (waiting === undefined) return answer(call, 200, current(call));
  return waiting.then(() => answer(call, 200, current(call)));
}

/** As the cache has it. @throws {StatusError} NotFound */
export function current(call: ResourceCall): KubeObject {
  const object = call.registry.objects.cache(call.prefix).get(keyOf(call, call.info.name));
  if (object === undefined) throw notFound(call.kind, call.info.name);
  return object;
}
