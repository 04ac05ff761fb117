// The port of a Pod that a Service port means.
// Source: FindPort in pkg/api/v1/pod and the EndpointSlice controller.
import type { EndpointSlicePort, PodSpec, ServicePortSpec } from "../api/types.js";

/** The number a service port stands for in one Pod: its own, a given one, or a container's by name. null: no such name. */
function podPort(port: ServicePortSpec, pod: PodSpec | undefined): number | null {
  const { targetPort = 0, protocol = "TCP" } = port;
  if (targetPort === 0 || targetPort === "") return port.port;
  if (typeof targetPort === "number") return targetPort;
  const sidecars = (pod?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  for (const container of [...(pod?.containers ?? []), ...sidecars]) {
    for (const candidate of container.ports ?? []) {
      if (candidate.name === targetPort && (candidate.protocol ?? "TCP") === protocol)
        return candidate.containerPort;
    }
  }
  return null;
}

/** The ports of one Pod that serve a Service, in the Service's order; those it has no name for are left out. */
export function podPorts(ports: readonly ServicePortSpec[], pod: PodSpec | undefined): EndpointSlicePort[] {
  return ports.flatMap((port) => {
    const number = podPort(port, pod);
    return number === null ? [] : [{ name: port.name ?? "", port: number, protocol: port.protocol ?? "TCP" }];
  });
}
