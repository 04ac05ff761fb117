// Service kube-system/kube-dns: how Pods find the cluster's name server. No Pod stands behind it: its endpoint is where
// the server of this process listens. Written when that is known, and again when a kept cluster comes up on other ports.
// Source: kubeadm app/phases/addons/dns/manifests.go.
import type { Client } from "./client/client.js";
import { dnsAddress } from "./service-range.js";

const NAME = "kube-dns";
const NAMESPACE = "kube-system";
const MANAGER = "kubeadm";
const SERVICES = { group: "", version: "v1", resource: "services" };
const ENDPOINT_SLICES = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" };

export interface DnsPlace {
  readonly address: string;
  /** UDP and TCP. */
  readonly port: number;
  readonly metricsPort: number;
}

/** @param serviceRange IPv4; its tenth address is the Service's */
export async function announceDns(client: Client, serviceRange: string, place: DnsPlace): Promise<void> {
  const options = { fieldManager: MANAGER, force: true };
  const service = client.resource(SERVICES, NAMESPACE);
  await service.patch(NAME, "apply", dnsService(dnsAddress(serviceRange), place), options);
  const slices = client.resource(ENDPOINT_SLICES, NAMESPACE);
  await slices.patch(NAME, "apply", dnsEndpoints(place), options);
}

function dnsService(clusterIP: string, { port, metricsPort }: DnsPlace): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: {
        "k8s-app": NAME,
        "kubernetes.io/cluster-service": "true",
        "kubernetes.io/name": "CoreDNS",
      },
      annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
    },
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [
        { name: "dns", port: 53, targetPort: port, protocol: "UDP" },
        { name: "dns-tcp", port: 53, targetPort: port, protocol: "TCP" },
        { name: "metrics", port: 9153, targetPort: metricsPort, protocol: "TCP" },
      ],
    },
  };
}

function dnsEndpoints({ address, port, metricsPort }: DnsPlace): object {
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
    ports: [
      { name: "dns", port, protocol: "UDP" },
      { name: "dns-tcp", port, protocol: "TCP" },
      { name: "metrics", port: metricsPort, protocol: "TCP" },
    ],
  };
}
