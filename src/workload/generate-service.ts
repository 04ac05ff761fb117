// One generated Service: its type, ports, policies and addresses.
import type { Prng } from "../base/prng.js";
import type { Family } from "../base/ip.js";
import type { Service, ServicePortSpec, ServiceSpec, TransportProtocol } from "../api/types.js";
import { ADDRESS_RANGES, AddressPool } from "./address-ranges.js";
import { WeightedIndex } from "./distributions.js";
import type { GenerateSpec, ServiceShape } from "./generate-spec.js";
import { NodePortPool } from "./node-ports.js";

/** First half of the first range of outside clients: who a Service with source ranges admits. */
const ADMITTED_CLIENTS: Readonly<Record<Family, string>> = {
  IPv4: "198.51.100.0/25",
  IPv6: "2001:db8:51::/121",
};

const PROTOCOLS: readonly TransportProtocol[] = ["TCP", "UDP", "SCTP"];
const TARGET_PORT_FIRST = 9376;

/** Addresses and node ports not yet given out. */
export interface ServicePools {
  readonly families: readonly Family[];
  readonly clusterIPs: Readonly<Record<Family, AddressPool>>;
  readonly loadBalancers: Readonly<Record<Family, AddressPool>>;
  readonly externals: Readonly<Record<Family, AddressPool>>;
  readonly nodePorts: NodePortPool;
}

/** What objects already hold; addresses in canonical text. */
interface InUse {
  readonly addresses?: ReadonlySet<string>;
  readonly nodePorts?: Iterable<number>;
  /** Range per family to number Services from; the table's first by default. */
  readonly serviceRanges?: Readonly<Record<Family, string>>;
}

/** Fresh pools. The first address of a service range belongs to default/kubernetes. */
export function servicePools(families: readonly Family[], inUse: InUse = {}): ServicePools {
  const pool = (what: string, rangesOf: (family: Family) => readonly string[]) => {
    const of = (family: Family) => new AddressPool(`${family} ${what}`, rangesOf(family), inUse.addresses);
    return { IPv4: of("IPv4"), IPv6: of("IPv6") };
  };
  const clusterIPs = pool("Services", (family) => [
    inUse.serviceRanges?.[family] ?? (ADDRESS_RANGES[family].services[0] as string),
  ]);
  for (const family of families) clusterIPs[family].skipFirst();
  return {
    families,
    clusterIPs,
    loadBalancers: pool("load balancers", (family) => ADDRESS_RANGES[family].loadBalancers),
    externals: pool("external IPs", (family) => ADDRESS_RANGES[family].externals),
    nodePorts: new NodePortPool(inUse.nodePorts),
  };
}

/** Port `index` of a generated Service: 80, 443, 8080, 8081, ... */
function servicePortNumber(index: number): number {
  return index === 0 ? 80 : index === 1 ? 443 : 8078 + index;
}

/** The port its Pods listen on. */
export function targetPortNumber(index: number): number {
  return TARGET_PORT_FIRST + index;
}

type MakeService = (index: number, shape: ServiceShape) => Service;

/** A maker of Services; call it once per index, in order: the features' streams advance with every call. */
export function makeService(spec: GenerateSpec, root: Prng, pools: ServicePools): MakeService {
  const chance = (label: string, share: number) => {
    const stream = root.fork(label);
    return () => stream.unit() < share;
  };
  const flip = {
    affinity: chance("affinity", spec.affinityShare),
    internalLocal: chance("internal-policy", spec.internalLocalShare),
    externalLocal: chance("external-policy", spec.externalLocalShare),
    sourceRanges: chance("source-ranges", spec.sourceRangesShare),
    externalIPs: chance("external-ips", spec.externalIPsShare),
  };
  const portsOf = portMaker(spec, root);
  const digits = String(spec.services).length;
  return (index, shape) => {
    const ports = portsOf(index);
    const drawn = {
      affinity: flip.affinity(),
      internalLocal: flip.internalLocal(),
      externalLocal: flip.externalLocal(),
      sourceRanges: flip.sourceRanges(),
      externalIPs: flip.externalIPs(),
    };
    const metadata = {
      name: `svc-${String(index + 1).padStart(digits, "0")}`,
      namespace: `ns-${index % spec.namespaces}`,
    };
    const base = { apiVersion: "v1", kind: "Service", metadata } as const;
    if (shape === "ExternalName") {
      return { ...base, spec: { type: "ExternalName", externalName: `${metadata.name}.example.com` } };
    }
    const selector = { app: metadata.name };
    const common = { selector, ports, ...families(spec), ...policies(spec, drawn) };
    if (shape === "headless") return { ...base, spec: { type: "ClusterIP", clusterIP: "None", ...common } };
    return { ...base, ...exposed(shape, common, { pools, drawn }) };
  };
}

interface Drawn {
  readonly affinity: boolean;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  readonly sourceRanges: boolean;
  readonly externalIPs: boolean;
}

function portMaker(spec: GenerateSpec, root: Prng): (index: number) => ServicePortSpec[] {
  const counts = root.fork("ports");
  const protocols = root.fork("protocol");
  const protocolOf = new WeightedIndex(PROTOCOLS.map((protocol) => spec.protocols[protocol]));
  const { min, max } = spec.ports;
  return (index) => {
    const count = min + counts.below(max - min + 1);
    const ofService = protocols.fork(String(index));
    return Array.from({ length: count }, (_, port) => ({
      name: `p${servicePortNumber(port)}`,
      protocol: PROTOCOLS[protocolOf.draw(ofService)] as TransportProtocol,
      port: servicePortNumber(port),
      targetPort: targetPortNumber(port),
    }));
  };
}

function families(spec: GenerateSpec): Pick<ServiceSpec, "ipFamilies" | "ipFamilyPolicy"> {
  return spec.families === "dual"
    ? { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "RequireDualStack" }
    : { ipFamilies: [spec.families], ipFamilyPolicy: "SingleStack" };
}

function policies(spec: GenerateSpec, drawn: Drawn): Partial<ServiceSpec> {
  return {
    sessionAffinity: drawn.affinity ? "ClientIP" : "None",
    ...(drawn.affinity
      ? { sessionAffinityConfig: { clientIP: { timeoutSeconds: spec.affinitySeconds } } }
      : {}),
    internalTrafficPolicy: drawn.internalLocal ? "Local" : "Cluster",
  };
}

/** A Service with a cluster IP: what it adds to be reached from outside, and its load balancer's address. */
function exposed(
  shape: "ClusterIP" | "NodePort" | "LoadBalancer",
  common: ServiceSpec,
  { pools, drawn }: { pools: ServicePools; drawn: Drawn },
): Pick<Service, "spec" | "status"> {
  const clusterIPs = pools.families.map((family) => pools.clusterIPs[family].next());
  const external = drawn.externalIPs
    ? { externalIPs: pools.families.map((family) => pools.externals[family].next()) }
    : {};
  const spec: ServiceSpec = {
    type: shape,
    clusterIP: clusterIPs[0] ?? "",
    clusterIPs,
    ...common,
    ...external,
  };
  if (shape === "ClusterIP") return { spec };
  const isLocal = drawn.externalLocal;
  const outside: ServiceSpec = {
    ...spec,
    ports: (spec.ports ?? []).map((port) => withNodePort(port, pools.nodePorts)),
    externalTrafficPolicy: isLocal ? "Local" : "Cluster",
  };
  if (shape === "NodePort") return { spec: outside };
  const ingress = pools.families.map((family) => ({
    ip: pools.loadBalancers[family].next(),
    ipMode: "VIP" as const,
  }));
  const healthCheckNodePort = isLocal ? pools.nodePorts.next() : null;
  return {
    spec: {
      ...outside,
      ...(healthCheckNodePort === null ? {} : { healthCheckNodePort }),
      ...(drawn.sourceRanges
        ? { loadBalancerSourceRanges: pools.families.map((family) => ADMITTED_CLIENTS[family]) }
        : {}),
    },
    status: { loadBalancer: { ingress } },
  };
}

function withNodePort(port: ServicePortSpec, pool: NodePortPool): ServicePortSpec {
  const nodePort = pool.next();
  return nodePort === null ? port : { ...port, nodePort };
}
