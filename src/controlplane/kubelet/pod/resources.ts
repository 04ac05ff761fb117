// What Pods ask for, as numbers.
// Source: k8s.io/component-helpers resource PodRequests (sidecars add up along the init containers).
import { quantityMilliValue, quantityValue } from "../../../api/quantity.js";
import { type Container, isSidecar, type PodSpec } from "./pod.js";

/** cpu in thousandths of a core, all else in whole units; 0 for what is not there or cannot be read. */
export function amountOf(resource: string, quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  return (resource === "cpu" ? quantityMilliValue(quantity) : quantityValue(quantity)) ?? 0;
}

type Which = "requests" | "limits";

/** What a container asks for (or may take) of one resource; 0: nothing said. */
export function containerAmount(container: Container, which: Which, resource: string): number {
  return amountOf(resource, container.resources?.[which]?.[resource]);
}

/** What the Pod needs of one resource at its dearest moment. */
export function podRequest(spec: PodSpec, resource: string): number {
  let running = 0;
  for (const container of spec.containers) running += containerAmount(container, "requests", resource);
  let sidecars = 0;
  let initPeak = 0;
  for (const container of spec.initContainers ?? []) {
    const amount = containerAmount(container, "requests", resource);
    if (isSidecar(container)) sidecars += amount;
    initPeak = Math.max(initPeak, isSidecar(container) ? sidecars : sidecars + amount);
  }
  return Math.max(running + sidecars, initPeak) + amountOf(resource, spec.overhead?.[resource]);
}

/** Names of all resources that the Pod's containers request. */
export function requestedResources(spec: PodSpec): ReadonlySet<string> {
  const names = new Set<string>();
  for (const container of [...(spec.initContainers ?? []), ...spec.containers])
    for (const name of Object.keys(container.resources?.requests ?? {})) names.add(name);
  return names;
}
