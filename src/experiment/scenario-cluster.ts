// Declarations of spec.cluster: where the objects or the rules come from.
// The generator's own fields keep its names; only the number of Services is called `count`, and durations have units.
import type { DurationNs } from "../base/clock.js";
import { LIMITS } from "../base/limits.js";
import { defaultGenerateSpec, type GenerateSpec } from "../workload/generate-spec.js";
import {
  checked,
  choice,
  count,
  duration,
  type Field,
  mapped,
  object,
  optional,
  path,
  quantity,
  tagged,
  weight,
  word,
} from "../base/document/fields.js";
import { CLUSTER_SOURCES } from "./scenario-source.js";
import type { ClusterSpec } from "./scenario-types.js";

const base = defaultGenerateSpec;

type Generated = Omit<GenerateSpec, "seed" | "nodes">;

const share = (description: string, value: number) =>
  optional(quantity("share", description, { max: 1 }), value);

const endpointsField = tagged<GenerateSpec["endpoints"]>("kind", "distribution of endpoints per Service", {
  fixed: object("Every Service has as many.", {
    kind: word("fixed"),
    count: count("Endpoints per Service.", { max: LIMITS.ENDPOINTS_PER_SERVICE_MAX }),
  }),
  zipf: object("Few Services have many, most have few.", {
    kind: word("zipf"),
    mean: count("Endpoints per Service on average.", { min: 1, max: LIMITS.ENDPOINTS_PER_SERVICE_MAX }),
    max: count("Endpoints of the largest Service.", { min: 1, max: LIMITS.ENDPOINTS_PER_SERVICE_MAX }),
  }),
  cl2: object("clusterloader2's mix of 5, 30 and 250.", { kind: word("cl2") }),
});

const typesField = object<GenerateSpec["types"]>("Relative weights of the Service types.", {
  ClusterIP: optional(weight("ClusterIP."), 0),
  NodePort: optional(weight("NodePort."), 0),
  LoadBalancer: optional(weight("LoadBalancer."), 0),
  headless: optional(weight("ClusterIP Services whose clusterIP is None."), 0),
  ExternalName: optional(weight("ExternalName."), 0),
});

const protocolsField = object<GenerateSpec["protocols"]>("Relative weights of the protocols, per port.", {
  TCP: optional(weight("TCP."), 0),
  UDP: optional(weight("UDP."), 0),
  SCTP: optional(weight("SCTP."), 0),
});

const portsField = object<GenerateSpec["ports"]>("Ports per Service, uniform between two bounds.", {
  min: count("Fewest.", { min: 1, max: 100 }),
  max: count("Most.", { min: 1, max: 100 }),
});

interface WrittenServices extends Omit<Generated, "services" | "affinitySeconds"> {
  readonly count: number;
  readonly affinityTimeout: DurationNs;
}

const hasWeight = (weights: object) =>
  Object.values(weights).some((value) => value > 0)
    ? null
    : "expected a weight above 0 for at least one of them";

const servicesField: Field<Generated> = mapped(
  object<WrittenServices>("Services made by the seeded generator.", {
    count: count("Services in all.", { min: 1, max: LIMITS.SERVICES_MAX }),
    namespaces: optional(
      count("Namespaces they are spread over.", { min: 1, max: LIMITS.NAMESPACES_MAX }),
      base.namespaces,
    ),
    zones: optional(count("Zones the nodes are in.", { min: 1, max: 1000 }), base.zones),
    families: optional(choice(["IPv4", "IPv6", "dual"], "IP families of Services and Pods."), base.families),
    types: optional(checked(typesField, hasWeight), base.types),
    ports: optional(
      checked(portsField, ({ min, max }) => (min <= max ? null : `min ${min} is above max ${max}`)),
      base.ports,
    ),
    protocols: optional(checked(protocolsField, hasWeight), base.protocols),
    endpoints: optional(
      checked(endpointsField, (drawn) =>
        drawn.kind === "zipf" && drawn.mean > drawn.max ? "mean is above max" : null,
      ),
      base.endpoints,
    ),
    withoutEndpointsShare: share("Services that have no endpoint.", base.withoutEndpointsShare),
    terminatingShare: share("Endpoints that are terminating and still serve.", base.terminatingShare),
    notReadyShare: share("Endpoints neither ready nor terminating.", base.notReadyShare),
    affinityShare: share("Services with ClientIP session affinity.", base.affinityShare),
    affinityTimeout: optional(duration("How long that affinity lasts."), seconds(base.affinitySeconds)),
    internalLocalShare: share("Services with internalTrafficPolicy Local.", base.internalLocalShare),
    externalLocalShare: share("External Services with externalTrafficPolicy Local.", base.externalLocalShare),
    sourceRangesShare: share("LoadBalancer Services with loadBalancerSourceRanges.", base.sourceRangesShare),
    externalIPsShare: share("Services that also have an external IP.", base.externalIPsShare),
    topologyHintsShare: share("Services whose endpoints carry zone hints.", base.topologyHintsShare),
  }),
  ({ count: services, affinityTimeout, ...rest }) => ({
    ...rest,
    services,
    affinitySeconds: Math.max(1, Math.round(affinityTimeout / 1e9)),
  }),
);

interface WrittenCluster {
  readonly services: Generated | null;
  readonly manifests: string | null;
  readonly iptablesSave: string | null;
  readonly replicate: number;
  readonly nodes: number;
}

const oneSource = ({ services, manifests, iptablesSave }: WrittenCluster) =>
  [services, manifests, iptablesSave].filter((source) => source !== null).length === 1
    ? null
    : `expected exactly one of ${CLUSTER_SOURCES.join(", ")}`;

const replicable = ({ iptablesSave, replicate }: WrittenCluster) =>
  iptablesSave !== null && replicate !== 1
    ? "replicate needs objects; a ruleset is evaluated as it is"
    : null;

export const clusterField: Field<Unseeded> = mapped(
  checked(
    object<WrittenCluster>("Where Services and endpoints, or ready-made rules, come from.", {
      services: optional<Generated | null>(servicesField, null),
      manifests: optional<string | null>(path("A manifest, a dump or a folder of them."), null),
      iptablesSave: optional<string | null>(path("iptables-save text, evaluated as it is."), null),
      replicate: optional(
        count("Copies of the input, each in namespaces of its own.", { min: 1, max: LIMITS.REPLICATE_MAX }),
        1,
      ),
      nodes: optional(
        count("Nodes, where the input names none.", { min: 1, max: LIMITS.NODES_MAX }),
        base.nodes,
      ),
    }),
    (cluster) => oneSource(cluster) ?? replicable(cluster),
    { oneOf: CLUSTER_SOURCES.map((source) => ({ required: [source], properties: { [source]: true } })) },
  ),
  toCluster,
);

/** A cluster whose generator has not been given the scenario's seed. */
export type Unseeded = (seed: number) => ClusterSpec;

function toCluster({ services, manifests, iptablesSave, replicate, nodes }: WrittenCluster): Unseeded {
  return (seed) => {
    if (services !== null)
      return { source: { kind: "services", services: { ...services, seed, nodes } }, replicate, nodes };
    if (manifests !== null) return { source: { kind: "manifests", path: manifests }, replicate, nodes };
    return { source: { kind: "iptablesSave", path: iptablesSave ?? "" }, replicate, nodes };
  };
}

function seconds(value: number): DurationNs {
  return (value * 1e9) as DurationNs;
}
