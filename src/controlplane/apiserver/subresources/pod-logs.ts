// GET pods/NAME/log.
// Source: k8s.io/api core/v1 PodLogOptions; pkg/registry/core/pod/rest/log.go.
import { StatusError } from "../../../api/status.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import type { LogRequest, NodeStreams } from "../../protocol/node-streams.js";
import { badRequest } from "../registry/api-failures.js";
import { current } from "../registry/read-object.js";
import type { ResourceCall, ResourceHandler } from "../registry/resource-call.js";
import { isTrue } from "../request-info.js";
import { checkContainer } from "./pod-containers.js";

const LOG_TYPE = "text/plain";

export function logHandler(nodes: NodeStreams | null): ResourceHandler {
  return async (call): Promise<ApiResponse> => {
    await call.registry.objects.fresh();
    const pod = current(call);
    const request = logRequest(call);
    checkContainer(pod, request.container);
    if (nodes === null) throw new StatusError("ServiceUnavailable", "no node serves logs");
    const chunks = await nodes.logs(request, call.request.signal);
    return { kind: "stream", contentType: LOG_TYPE, chunks };
  };
}

function logRequest({ request, info }: ResourceCall): LogRequest {
  const { query } = request;
  const isSet = (name: string) => query.has(name) && isTrue(query.get(name));
  const sinceSeconds = numberOf(query, "sinceSeconds", 1);
  const sinceTime = query.get("sinceTime") || null;
  if (sinceSeconds !== null && sinceTime !== null)
    throw badRequest("at most one of `sinceTime` or `sinceSeconds` may be specified");
  return {
    namespace: info.namespace,
    pod: info.name,
    container: query.get("container") || null,
    follow: isSet("follow"),
    previous: isSet("previous"),
    timestamps: isSet("timestamps"),
    tailLines: numberOf(query, "tailLines", 0),
    sinceSeconds,
    sinceTime,
    limitBytes: numberOf(query, "limitBytes", 1),
  };
}

function numberOf(query: URLSearchParams, name: string, min: number): number | null {
  const text = query.get(name);
  if (text === null || text === "") return null;
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw badRequest(`invalid ${name}: ${JSON.stringify(text)} is not a whole number`);
  if (value < min)
    throw new StatusError(
      "Invalid",
      `PodLogOptions "" is invalid: ${name}: Invalid value: ${value}: must be greater than ${min === 0 ? "or equal to " : ""}0`,
    );
  return value;
}
