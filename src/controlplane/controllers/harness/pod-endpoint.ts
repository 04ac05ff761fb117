// A Pod behind a Service -> an endpoint, and the ports it has there.
// Source: endpointslice/utils.go, endpointslice/util/controller_utils.go.
import type { AddressType, Service, SliceEndpoint, SlicePort } from "../../client/cluster-resources.js";
import type { Node, Pod } from "../../client/object-types.js";
import { isReady, isTerminal, isTerminating } from "./pod-state.js";

const ZONE = "topology.kubernetes.io/zone";

/** Addresses of one family, as the Pod's status lists them. */
export function addressesOf(pod: Pod, addressType: AddressType): string[] {
  const listed = (pod.status?.podIPs ?? []).map(({ ip }) => ip ?? "").filter((ip) => ip !== "");
  const all = listed.length > 0 || !pod.status?.podIP ? listed : [pod.status.podIP];
  return all.filter((ip) => ip.includes(":") === (addressType === "IPv6"));
}

/** It runs, or will, and can be reached. */
export function hasEndpoint(pod: Pod): boolean {
  return !isTerminal(pod) && (!!pod.status?.podIP || (pod.status?.podIPs ?? []).length > 0);
}

export function endpointOf(
  pod: Pod,
  service: Service,
  node: Node | undefined,
  addressType: AddressType,
): SliceEndpoint {
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { name, namespace = "", uid } = pod.metadata;
  const { hostname, subdomain, nodeName } = pod.spec ?? {};
  const zone = node?.metadata.labels?.[ZONE];
  return {
    addresses: addressesOf(pod, addressType),
    conditions: { ready, serving, terminating },
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    targetRef: { kind: "Pod", namespace, name, ...(uid === undefined ? {} : { uid }) },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
  };
}

/** Ports whose name the Pod does not know are left out. */
export function portsOf(service: Service, pod: Pod): SlicePort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const protocol = servicePort.protocol ?? "TCP";
    const port = containerPort(pod, servicePort.targetPort ?? servicePort.port, protocol);
    if (port === null) return [];
    const { appProtocol } = servicePort;
    return [{ name: servicePort.name ?? "", port, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

/** A number is itself; a name is looked for in all containers, and init containers that stay. */
function containerPort(pod: Pod, target: number | string, protocol: string): number | null {
  if (typeof target === "number") return target;
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars])
    for (const port of container.ports ?? [])
      if (port.name === target && (port.protocol ?? "TCP") === protocol) return port.containerPort;
  return /^\d+$/.test(target) ? Number(target) : null;
}

/** Families of a Service; one without says it by its address, or wants both. */
export function addressTypesOf(service: Service): AddressType[] {
  const { ipFamilies = [], clusterIP = "" } = service.spec ?? {};
  if (ipFamilies.length > 0) return ipFamilies.map((family) => (family === "IPv6" ? "IPv6" : "IPv4"));
  if (clusterIP !== "" && clusterIP !== "None") return [clusterIP.includes(":") ? "IPv6" : "IPv4"];
  return ["IPv4", "IPv6"];
}

export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === "None";
}
