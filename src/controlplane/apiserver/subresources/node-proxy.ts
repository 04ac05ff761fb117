// GET nodes/NAME/proxy/PATH: a page of the node's kubelet. NAME may carry a scheme and a port, "https:web-0:10250".
// Source: kubernetes pkg/registry/core/node/rest/proxy.go, apimachinery pkg/util/net SplitSchemeNamePort.
import { StatusError } from "../../../api/status.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import type { NodeStreams } from "../../protocol/node-streams.js";
import { badRequest } from "../registry/api-failures.js";
import { current } from "../registry/read-object.js";
import type { ResourceHandler } from "../registry/resource-call.js";

/** Of the kubelet; no other port of a node has anything behind it. */
const KUBELET_PORT = "10250";

export function nodeProxyHandler(nodes: NodeStreams | null): ResourceHandler {
  return async (call): Promise<ApiResponse> => {
    const { info, registry } = call;
    const [name, port] = namePort(info.name);
    await registry.objects.fresh();
    current({ ...call, info: { ...info, name } });
    if (nodes === null || (port !== "" && port !== KUBELET_PORT))
      throw new StatusError(
        "ServiceUnavailable",
        `nothing answers at port ${port || KUBELET_PORT} of "${name}"`,
      );
    const page = nodes.page(name, info.path.slice(info.path.indexOf("/proxy") + "/proxy".length));
    if (page === null)
      return { kind: "text", code: 404, text: "404 page not found\n", contentType: "text/plain" };
    return { kind: "text", code: 200, ...page };
  };
}

function namePort(text: string): readonly [name: string, port: string] {
  const parts = text.split(":");
  if (parts.length > 3) throw badRequest(`invalid node request "${text}"`);
  const [name = "", port = ""] = parts.length === 3 ? parts.slice(1) : parts;
  return [name, port];
}
