// The Services that Pods know the plane by: default/kubernetes is the API server, kube-system/kube-dns the name server.
// No Pod stands behind either: the endpoint is where this process listens. Both are written when that is known, and again
// when a kept cluster comes up on other ports.
// Source: kubernetes pkg/controlplane/controller/kubernetesservice, reconcilers; kubeadm app/phases/addons/dns/manifests.go.
import type { Client } from "./client/client.js";
import { ENDPOINT_SLICES, SERVICES } from "./client/cluster-resources.js";
import { apiServerAddress, dnsAddress } from "./service-range.js";

interface WellKnownService {
  readonly name: string;
  readonly namespace: string;
  /** The field manager that a cluster of kubeadm's names. */
  readonly manager: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const KUBERNETES: WellKnownService = {
  name: "kubernetes",
  namespace: "default",
  manager: "kube-apiserver",
  labels: { component: "apiserver", provider: "kubernetes" },
};

const KUBE_DNS: WellKnownService = {
  name: "kube-dns",
  namespace: "kube-system",
  manager: "kubeadm",
  labels: {
    "k8s-app": "kube-dns",
    "kubernetes.io/cluster-service": "true",
    "kubernetes.io/name": "CoreDNS",
  },
  annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
};

export interface ApiServerPlace {
  readonly address: string;
  readonly port: number;
}

export interface DnsPlace {
  readonly address: string;
  /** UDP and TCP. */
  readonly port: number;
  readonly metricsPort: number;
}

/** @param serviceRange IPv4; its first address is the Service's */
export function announceApiServer(
  client: Client,
  serviceRange: string,
  { address, port }: ApiServerPlace,
): Promise<void> {
  const ports = [{ name: "https", port: 443, targetPort: port, protocol: "TCP" }] as const;
  return announce(client, KUBERNETES, { clusterIP: apiServerAddress(serviceRange), address, ports });
}

/** @param serviceRange IPv4; its tenth address is the Service's */
export function announceDns(
  client: Client,
  serviceRange: string,
  { address, port, metricsPort }: DnsPlace,
): Promise<void> {
  const ports = [
    { name: "dns", port: 53, targetPort: port, protocol: "UDP" },
    { name: "dns-tcp", port: 53, targetPort: port, protocol: "TCP" },
    { name: "metrics", port: 9153, targetPort: metricsPort, protocol: "TCP" },
  ] as const;
  return announce(client, KUBE_DNS, { clusterIP: dnsAddress(serviceRange), address, ports });
}

interface Place {
  readonly clusterIP: string;
  /** Of the endpoint. */
  readonly address: string;
  readonly ports: readonly ServicePort[];
}

interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** Where the endpoint listens. */
  readonly targetPort: number;
  readonly protocol: "TCP" | "UDP";
}

async function announce(client: Client, known: WellKnownService, place: Place): Promise<void> {
  const { name, namespace, manager } = known;
  const options = { fieldManager: manager, force: true };
  const service = client.resource(SERVICES, namespace);
  await service.patch(name, "apply", serviceOf(known, place), options);
  const slices = client.resource(ENDPOINT_SLICES, namespace);
  await slices.patch(name, "apply", endpointsOf(known, place), options);
}

function serviceOf(known: WellKnownService, { clusterIP, ports }: Place): object {
  const { name, namespace, labels, annotations } = known;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels, ...(annotations === undefined ? {} : { annotations }) },
    spec: { type: "ClusterIP", clusterIP, clusterIPs: [clusterIP], ports },
  };
}

function endpointsOf({ name, namespace }: WellKnownService, { address, ports }: Place): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: ports.map(({ name: port, targetPort, protocol }) => ({ name: port, port: targetPort, protocol })),
  };
}
