// A scenario's flow specification -> a traffic plan against the targets of the cluster in hand.
import type { TransportProtocol } from "../api/types.js";
import { generateTraffic, type TrafficPlan } from "../workload/traffic.js";
import {
  defaultTrafficSpec,
  type Arrival as PlanArrival,
  type Popularity,
  type TrafficSpec,
} from "../workload/traffic-spec.js";
import type { TrafficTarget } from "../workload/traffic-targets.js";
import type { Arrival, FlowSpec, TrafficPhase } from "./scenario-types.js";

/** Zipf exponent of `target: zipf`: what web and service popularity is commonly fitted with. */
const ZIPF_EXPONENT = 1;
/** Most packets of one established or mixed batch: enough for every flow's turn, small enough for the cache of a test. */
const STEADY_PACKETS_MAX = 16_384;

export interface FlowPlace {
  readonly targets: readonly TrafficTarget[];
  /** The measured node's own Pod CIDR and address. */
  readonly podCIDR: string | null;
  readonly nodeAddress: string | null;
  readonly serviceCIDR: string | null;
  /** Endpoints behind a target, by its index; null where that is not known. */
  readonly endpointsOf: (target: number) => number | null;
  readonly seed: number;
}

export function planFlows(packets: TrafficPhase["packets"], flows: FlowSpec, place: FlowPlace): TrafficPlan {
  return generateTraffic(place.targets, trafficSpec(packets, flows, place), place.seed);
}

function trafficSpec(kind: TrafficPhase["packets"], flows: FlowSpec, place: FlowPlace): TrafficSpec {
  const { nodePortShare, externalShare, protocolMix } = flows;
  const steady = Math.min(STEADY_PACKETS_MAX, flows.count * flows.packetsPerFlow);
  return {
    ...defaultTrafficSpec,
    kind,
    packets: Math.max(1, Math.round(kind === "first-packet" ? flows.count : steady)),
    flows: flows.count,
    flowLength: { kind: "geometric", mean: Math.max(1, flows.packetsPerFlow) },
    newConnectionRatio: kind === "mixed" ? flows.newConnectionRatio : null,
    popularity: popularity(flows.target),
    protocolWeights: { TCP: protocolMix.tcp, UDP: protocolMix.udp, SCTP: protocolMix.sctp },
    protocols: (Object.keys(protocolMix) as (keyof typeof protocolMix)[])
      .filter((name) => protocolMix[name] > 0)
      .map((name) => name.toUpperCase() as TransportProtocol),
    targetWeights: {
      "cluster-ip": 1 - nodePortShare - externalShare,
      "node-port": nodePortShare,
      "external-ip": externalShare / 2,
      "load-balancer": externalShare / 2,
    },
    clients: {
      ...defaultTrafficSpec.clients,
      weights: { pod: 1 - nodePortShare - externalShare, outside: nodePortShare + externalShare, node: 0 },
      podCIDR: place.podCIDR,
      nodeAddress: place.nodeAddress,
    },
    serviceCIDR: place.serviceCIDR,
    payloadBytes: flows.payload,
    arrival: planArrival(flows.arrival),
  };
}

function popularity(target: FlowSpec["target"]): Popularity {
  return target === "zipf" ? { kind: "zipf", s: ZIPF_EXPONENT } : { kind: target };
}

function planArrival(arrival: Arrival): PlanArrival {
  switch (arrival.model) {
    case "open":
      return {
        model: "open",
        ratePerSecond: arrival.rate,
        process: arrival.process === "poisson" ? "poisson" : "fixed",
      };
    case "closed":
      return { model: "closed", concurrency: 1, thinkMs: 0 };
    case "backlog":
      return { model: "backlog" };
  }
}
