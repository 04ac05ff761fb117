// Service default/kubernetes: how Pods find the API server. Written when it is known where that listens, and again when a
// kept cluster comes up on another port.
// Source: kubernetes pkg/controlplane/controller/kubernetesservice, reconcilers.
import type { Client } from "./client/client.js";
import { apiServerAddress } from "./service-range.js";

const NAME = "kubernetes";
const NAMESPACE = "default";
const MANAGER = "kube-apiserver";
const SERVICES = { group: "", version: "v1", resource: "services" };
const ENDPOINT_SLICES = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" };

export interface ApiServerPlace {
  readonly address: string;
  readonly port: number;
}

/** @param serviceRange IPv4; its first address is the Service's */
export async function announceApiServer(
  client: Client,
  serviceRange: string,
  { address, port }: ApiServerPlace,
): Promise<void> {
  const options = { fieldManager: MANAGER, force: true };
  const service = client.resource(SERVICES, NAMESPACE);
  await service.patch(NAME, "apply", kubernetesService(apiServerAddress(serviceRange), port), options);
  const slices = client.resource(ENDPOINT_SLICES, NAMESPACE);
  await slices.patch(NAME, "apply", kubernetesEndpoints(address, port), options);
}

function kubernetesService(clusterIP: string, port: number): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: { component: "apiserver", provider: "kubernetes" },
    },
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [{ name: "https", port: 443, targetPort: port, protocol: "TCP" }],
    },
  };
}

function kubernetesEndpoints(address: string, port: number): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: { "kubernetes.io/service-name": NAME },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: "https", port, protocol: "TCP" }],
  };
}
