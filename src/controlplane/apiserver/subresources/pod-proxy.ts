// pods/NAME/proxy/PATH and services/NAME/proxy/PATH, whatever the method: what a Pod says at one of its ports. NAME may
// carry a scheme and a port, "http:web:8080"; a Service's port may go by its name.
// Source: kubernetes pkg/registry/core/pod/strategy.go ResourceLocation, service/storage/storage.go ResourceLocation,
// apimachinery pkg/util/net SplitSchemeNamePort, pkg/util/proxy upgradeaware.go.
import type { Endpoints, Pod, Service } from "kubernetes-types/core/v1.js";
import { KINDS } from "../../../api/kinds/kinds.js";
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import type { NodeStreams } from "../../protocol/node-streams.js";
import { badRequest } from "../registry/api-failures.js";
import { current } from "../registry/read-object.js";
import { prefixOf, type ResourceCall, type ResourceHandler } from "../registry/resource-call.js";

const SCHEMES: readonly string[] = ["", "http", "https"];
/** What Go's resolver knows these as. */
const WELL_KNOWN_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

interface Target {
  readonly pod: string;
  /** A number, or what is taken for a well-known port's name. */
  readonly port: string;
}

export function podProxyHandler(nodes: NodeStreams | null): ResourceHandler {
  return proxyHandler(nodes, (call) => {
    const { scheme, name, port } = schemeNamePort(call);
    const pod = named(call, "Pod", name) as Pod;
    const declared = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? [])[0]
      ?.containerPort;
    return { pod: name, port: port || String(declared ?? (scheme === "https" ? 443 : 80)) };
  });
}

export function serviceProxyHandler(nodes: NodeStreams | null): ResourceHandler {
  return proxyHandler(nodes, (call) => {
    const { name, port } = schemeNamePort(call);
    const portName = /^[+-]?\d+$/.test(port) ? namedPort(call, name, Number(port)) : port;
    return readyTarget(call, name, portName);
  });
}

function proxyHandler(nodes: NodeStreams | null, targetOf: (call: ResourceCall) => Target): ResourceHandler {
  return async (call): Promise<ApiResponse> => {
    await call.registry.objects.fresh();
    const { info, request } = call;
    const target = targetOf(call);
    const podIP = (named(call, "Pod", target.pod) as Pod).status?.podIP ?? "";
    if (podIP === "") throw badRequest("address not allowed");
    const query = request.query.size === 0 ? "" : `?${request.query}`;
    const path = info.path.slice(info.path.indexOf("/proxy") + "/proxy".length);
    if (path === "" && (request.method === "GET" || request.method === "HEAD"))
      return {
        kind: "text",
        code: 301,
        text: "",
        contentType: "text/plain",
        headers: { location: `${info.path}/${query}` },
      };
    if (nodes === null) throw new StatusError("ServiceUnavailable", "no node serves its Pods' ports");
    const port = portNumber(target.port);
    const answer = nodes.answer({ namespace: info.namespace, pod: target.pod, port }, `${path}${query}`);
    if (answer === null) throw unreachable(`dial tcp ${podIP}:${port}: connect: connection refused`);
    return { kind: "text", ...answer };
  };
}

/** @throws {StatusError} BadRequest */
function schemeNamePort({ info }: ResourceCall) {
  const parts = info.name.split(":");
  const [scheme = "", name = "", port = ""] = parts.length === 3 ? parts : ["", ...parts];
  if (parts.length > 3 || name === "" || !SCHEMES.includes(scheme))
    throw badRequest(`invalid ${info.resource.replace(/s$/, "")} request ${JSON.stringify(info.name)}`);
  return { scheme, name, port };
}

/** @throws {StatusError} NotFound */
function named(call: ResourceCall, kind: "Pod" | "Service" | "Endpoints", name: string): KubeObject {
  const found = KINDS.find((each) => each.group === "" && each.kind === kind) as ResourceCall["kind"];
  return current({ ...call, kind: found, prefix: prefixOf(found), info: { ...call.info, name } });
}

/** The name of a Service's port. */
function namedPort(call: ResourceCall, name: string, port: number): string {
  const service = named(call, "Service", name) as Service;
  const found = service.spec?.ports?.find((each) => each.port === port);
  if (found === undefined)
    throw new StatusError(
      "ServiceUnavailable",
      `no service port ${port} found for service ${JSON.stringify(name)}`,
    );
  return found.name ?? "";
}

/** Any Pod that is ready behind the port: the draw is the registry's. */
function readyTarget(call: ResourceCall, name: string, portName: string): Target {
  const { subsets = [] } = named(call, "Endpoints", name) as Endpoints;
  const targets = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const port = ports.find((each) => (each.name ?? "") === portName)?.port;
    const pods = addresses.flatMap(({ targetRef }) => (targetRef?.kind === "Pod" ? [targetRef.name] : []));
    return port === undefined ? [] : pods.map((pod) => ({ pod: pod as string, port: String(port) }));
  });
  const asked = subsets.length === 0 ? name : call.info.name;
  if (targets.length === 0)
    throw new StatusError(
      "ServiceUnavailable",
      `no endpoints available for service ${JSON.stringify(asked)}`,
    );
  return targets[call.registry.prng.below(targets.length)] as Target;
}

function portNumber(port: string): number {
  const number = /^\d+$/.test(port) ? Number(port) : WELL_KNOWN_PORTS[port];
  if (number === undefined) throw unreachable(`dial tcp: lookup tcp/${port}: unknown port`);
  if (number > 65_535) throw unreachable(`dial tcp: address ${port}: invalid port`);
  return number;
}

function unreachable(why: string): StatusError {
  return new StatusError("ServiceUnavailable", `error trying to reach service: ${why}`);
}
