// What an upgraded connection is for, once the request was authorized: a process on a node, or ports of a Pod.
import { StatusError } from "../../../api/status.js";
import type { ApiRequest, ApiResponse } from "../../protocol/api-request.js";
import type { NodeStreams, ProcessStreams } from "../../protocol/node-streams.js";
import { current } from "../registry/read-object.js";
import type { ResourceCall, ResourceHandler } from "../registry/resource-call.js";
import { checkContainer } from "../subresources/pod-containers.js";
import type { ForwardPort } from "./forward-ports.js";
import { type ProcessOptions, processOptions, type StreamSubresource } from "./stream-requests.js";

export type GrantedStream =
  | {
      readonly kind: "process";
      readonly options: ProcessOptions;
      readonly run: (streams: ProcessStreams) => Promise<number>;
    }
  | { readonly kind: "ports"; readonly ports: readonly number[]; readonly forward: ForwardPort };

/** What a request's answer is called while it waits to be upgraded. */
const GRANTS = new WeakMap<ApiRequest, GrantedStream>();

/** The stream that a request was granted; null: it was answered otherwise. */
export function grantedStream(request: ApiRequest): GrantedStream | null {
  return GRANTS.get(request) ?? null;
}

/** Answers in plain HTTP that the connection must be upgraded, and keeps for the upgrade what it will be for. */
export function streamHandler(subresource: StreamSubresource, nodes: NodeStreams | null): ResourceHandler {
  return async (call): Promise<ApiResponse> => {
    await call.registry.objects.fresh();
    const pod = current(call);
    if (nodes === null) throw new StatusError("ServiceUnavailable", "no node serves streams");
    if (subresource === "portforward") GRANTS.set(call.request, portsOf(call, nodes));
    else {
      const options = processOptions(call.request, subresource);
      checkContainer(pod, options.container);
      GRANTS.set(call.request, processOf(call, subresource, options, nodes));
    }
    throw new StatusError("BadRequest", "Upgrade request required");
  };
}

function processOf(
  { info }: ResourceCall,
  subresource: "exec" | "attach",
  options: ProcessOptions,
  nodes: NodeStreams,
): GrantedStream {
  const target = {
    namespace: info.namespace,
    pod: info.name,
    container: options.container,
    isTty: options.isTty,
  };
  return {
    kind: "process",
    options,
    run: (streams) =>
      subresource === "exec"
        ? nodes.exec({ ...target, command: options.command }, streams)
        : nodes.attach(target, streams),
  };
}

function portsOf({ info, request }: ResourceCall, nodes: NodeStreams): GrantedStream {
  return {
    kind: "ports",
    ports: request.query.getAll("ports").flatMap((text) => text.split(",").map(Number)),
    forward: (port, connection) =>
      nodes.portForward({ namespace: info.namespace, pod: info.name, port }, connection),
  };
}
