// Service objects -> service ports of one address family: what upstream's service change tracker keeps of a Service.
// Addresses are printed canonically on the way in ("172.30.0.041" becomes 172.30.0.41), those of the other family and
// those that are no addresses are left out.
// Source: kube-proxy pkg/proxy/serviceport.go, pkg/proxy/util (ShouldSkipService, GetClusterIPByFamily).
import { LABEL_HEADLESS, LABEL_SERVICE_PROXY_NAME, type KubeObject, type Service } from "../../api/types.js";
import { parseCidr, type Family, canonicalIpOf } from "../../base/ip.js";
import type { ServicePort } from "../service-port.js";

/** Timeout the API server fills in for sessionAffinity ClientIP. */
const AFFINITY_SECONDS_DEFAULT = 10_800;

/** "namespace/name", the identity of a Service; objects without a namespace are in "default". */
export function namespacedName(object: KubeObject): string {
  return `${object.metadata.namespace ?? "default"}/${object.metadata.name}`;
}

/**
 * The service ports that a proxy of `family` programs for a Service, in the Service's own order.
 * Empty for headless and ExternalName Services, those of another proxy, and those without a ClusterIP of the family.
 */
export function servicePortsOf(service: Service, family: Family): ServicePort[] {
  if (isSkipped(service)) return [];
  const clusterIP = clusterIpOf(service, family);
  if (clusterIP === null) return [];
  const shared = sharedFields(service, clusterIP, family);
  return (service.spec.ports ?? []).map((port) => {
    const portName = port.name ?? "";
    return {
      ...shared,
      name: portName === "" ? namespacedName(service) : `${namespacedName(service)}:${portName}`,
      portName,
      protocol: port.protocol ?? "TCP",
      port: port.port,
      nodePort: port.nodePort ?? 0,
    };
  });
}

type SharedFields = Omit<ServicePort, "name" | "portName" | "protocol" | "port" | "nodePort">;

function sharedFields(service: Service, clusterIP: string, family: Family): SharedFields {
  const { spec } = service;
  const externalPolicyLocal = isExternalPolicyLocal(service);
  const ingress = (service.status?.loadBalancer?.ingress ?? []).filter((entry) => entry.ipMode !== "Proxy");
  return {
    namespace: service.metadata.namespace ?? "default",
    serviceName: service.metadata.name,
    clusterIP,
    externalIPs: addressesOf(spec.externalIPs ?? [], family),
    loadBalancerVIPs: addressesOf(
      ingress.map((entry) => entry.ip ?? ""),
      family,
    ),
    loadBalancerSourceRanges: rangesOf(spec.loadBalancerSourceRanges ?? [], family),
    affinitySeconds: affinitySecondsOf(service),
    externalPolicyLocal,
    internalPolicyLocal: spec.internalTrafficPolicy === "Local",
    healthCheckNodePort:
      spec.type === "LoadBalancer" && externalPolicyLocal ? (spec.healthCheckNodePort ?? 0) : 0,
  };
}

function isSkipped(service: Service): boolean {
  const labels = service.metadata.labels;
  if (labels !== undefined && (LABEL_SERVICE_PROXY_NAME in labels || LABEL_HEADLESS in labels)) return true;
  if (service.spec.type === "ExternalName") return true;
  const { clusterIP, clusterIPs } = service.spec;
  return clusterIP === "None" || (clusterIPs?.includes("None") ?? false);
}

function clusterIpOf(service: Service, family: Family): string | null {
  const { clusterIP, clusterIPs } = service.spec;
  const listed = clusterIPs !== undefined && clusterIPs.length > 0 ? clusterIPs : [clusterIP ?? ""];
  return addressesOf(listed, family)[0] ?? null;
}

/** The policy only counts for Services that can be reached from outside. */
function isExternalPolicyLocal(service: Service): boolean {
  const { type, externalIPs, externalTrafficPolicy } = service.spec;
  const accessible = type === "LoadBalancer" || type === "NodePort" || (externalIPs?.length ?? 0) > 0;
  return accessible && externalTrafficPolicy === "Local";
}

function affinitySecondsOf(service: Service): number {
  if (service.spec.sessionAffinity !== "ClientIP") return 0;
  return service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS_DEFAULT;
}

const NONE: readonly string[] = [];

function addressesOf(texts: readonly string[], family: Family): readonly string[] {
  if (texts.length === 0) return NONE;
  const addresses: string[] = [];
  for (const text of texts) {
    const ip = canonicalIpOf(text, family);
    if (ip !== null) addresses.push(ip);
  }
  return addresses;
}

/**
 * A range needs its prefix length: Kubernetes takes no bare address here. One that holds every address makes the list
 * empty, which means the same. (Upstream until mid-2025 kept it, ipset refused it, and ipvs mode let nobody in.)
 */
function rangesOf(texts: readonly string[], family: Family): readonly string[] {
  if (texts.length === 0) return NONE;
  const ranges: string[] = [];
  for (const text of texts) {
    const range = text.includes("/") ? parseCidr(text) : null;
    if (range === null || range.family !== family) continue;
    if (range.prefixLength === 0) return NONE;
    ranges.push(range.text);
  }
  return ranges;
}
