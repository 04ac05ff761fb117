// Objects that benchmarks put into a plane, and waiting until they can.
import { isStatus } from "../../api/status.js";
import { delay } from "../../base/timers.js";
import type { Pod } from "../../controlplane/client/object-types.js";
import { resourceOf } from "../../controlplane/client/resources.js";
import type { Plane } from "../../controlplane/plane.js";
import { NAMESPACE, reached, timers } from "./bench-plane.js";

const SERVICE_ACCOUNTS = resourceOf("", "v1", "serviceaccounts");
const LOOK_MS = 20;

/** Until then Pods are refused. */
export async function serviceAccountReady({ client }: Plane): Promise<void> {
  let isThere = 0;
  const look = async (): Promise<void> => {
    try {
      await client.resource(SERVICE_ACCOUNTS, NAMESPACE).get("default");
      isThere = 1;
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
      await delay(timers, LOOK_MS);
      await look();
    }
  };
  await Promise.all([look(), reached(1, () => isThere, "default service accounts")]);
}

export function service(name: string, selector: Readonly<Record<string, string>> | null): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { ports: [{ port: 80, targetPort: 80 }], ...(selector === null ? {} : { selector }) },
  };
}

/** Endpoints of a Service that has no selector: `Service` number so many of those that only fill the rules. */
export function endpointSlice(serviceName: string, index: number): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${serviceName}-1`, labels: { "kubernetes.io/service-name": serviceName } },
    addressType: "IPv4",
    ports: [{ name: "", port: 80, protocol: "TCP" }],
    endpoints: [{ addresses: [`10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`] }],
  };
}

export function deployment(
  name: string,
  replicas: number,
  annotations: Readonly<Record<string, string>>,
): object {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations },
        spec: { containers: [{ name: "web", image: "registry.k8s.io/pause:3.10.1" }] },
      },
    },
  };
}

export function isPodReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
}
