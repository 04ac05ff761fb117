// What an update of a Service carries over although it does not say so, and what it drops although it says so: a client
// that changes one field sends the others back as it read them, or leaves out what the server had given.
// Source: pkg/registry/core/service/strategy.go (patchAllocatedValues, dropTypeDependentFields).
import { jsonEquals } from "../../../api/patch/json-tree.js";
import type { ServicePortSpec, ServiceSpec } from "../../../api/types.js";

type Needs = (spec: ServiceSpec) => boolean;

const isBalanced: Needs = ({ type }) => type === "LoadBalancer";
const hasClusterIP: Needs = ({ type }) => type !== "ExternalName";
const hasNodePorts: Needs = ({ type }) => type === "NodePort" || type === "LoadBalancer";
const isExternal: Needs = (spec) => hasNodePorts(spec) || (spec.externalIPs ?? []).length > 0;
const hasHealthPort: Needs = (spec) => isBalanced(spec) && spec.externalTrafficPolicy === "Local";

/** Field -> Services that have it. */
const DEPENDENT: Readonly<Record<string, Needs>> = {
  clusterIP: hasClusterIP,
  clusterIPs: hasClusterIP,
  ipFamilies: hasClusterIP,
  ipFamilyPolicy: hasClusterIP,
  internalTrafficPolicy: hasClusterIP,
  externalTrafficPolicy: isExternal,
  healthCheckNodePort: hasHealthPort,
  allocateLoadBalancerNodePorts: isBalanced,
  loadBalancerClass: isBalanced,
};

/** Given by the server, and kept while the Service needs them. */
const GIVEN: readonly (keyof ServiceSpec)[] = [
  "clusterIP",
  "clusterIPs",
  "ipFamilies",
  "ipFamilyPolicy",
  "healthCheckNodePort",
];

export function carriedOver(next: ServiceSpec, before: ServiceSpec): ServiceSpec {
  const fields: Record<string, unknown> = { ...next, ...firstAddress(next, before) };
  const old: Readonly<Record<string, unknown>> = { ...before };
  for (const [name, needs] of Object.entries(DEPENDENT)) {
    const isStale = needs(before) && !needs(next) && jsonEquals(fields[name], old[name]);
    if (isStale) delete fields[name];
  }
  const namesAddress = !!next.clusterIP || (next.clusterIPs ?? []).length > 0;
  for (const name of GIVEN) {
    const needs = DEPENDENT[name] as Needs;
    const isAddress = name === "clusterIP" || name === "clusterIPs";
    if (!needs(next) || !needs(before) || old[name] === undefined || (isAddress && namesAddress)) continue;
    if (!fields[name]) fields[name] = old[name];
  }
  const ports = next.ports?.map((port) => carriedPort(port, next, before));
  return { ...fields, ...(ports === undefined ? {} : { ports }) };
}

/** Who changes the single address and sends the list back as it was means the list's first. */
function firstAddress(next: ServiceSpec, before: ServiceSpec): Partial<ServiceSpec> {
  const { clusterIP, clusterIPs } = next;
  const isOnlyOne =
    !!clusterIP && clusterIP !== before.clusterIP && jsonEquals(clusterIPs, before.clusterIPs);
  return isOnlyOne && clusterIPs !== undefined ? { clusterIPs: [clusterIP, ...clusterIPs.slice(1)] } : {};
}

function carriedPort(port: ServicePortSpec, next: ServiceSpec, before: ServiceSpec): ServicePortSpec {
  const isSame = (other: ServicePortSpec) => other.protocol === port.protocol && other.port === port.port;
  const old = (before.ports ?? []).find(isSame)?.nodePort;
  if (!old) return port;
  if (hasNodePorts(next)) return port.nodePort ? port : { ...port, nodePort: old };
  const { nodePort, ...rest } = port;
  return hasNodePorts(before) && nodePort === old ? rest : port;
}
