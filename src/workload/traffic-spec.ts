// What traffic to send: who asks whom, how often anew, and when.
import { PlumbError } from "../base/errors.js";
import type { TransportProtocol } from "../api/types.js";

/** Ways to reach a Service, in the order in which kube-proxy writes them down. */
export const TARGET_KINDS = ["cluster-ip", "external-ip", "load-balancer", "node-port"] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/**
 * Which Service a new flow asks for, among the targets of one kind in rule order.
 * - zipf: ranks r = 1, 2, ... have weight r^-s; which target has which rank is a seeded shuffle.
 * - first, middle, last: that one target, always; its place in a linear chain decides what it costs.
 * - miss: an address of the service CIDR that no Service has, the highest one free, at the first target's port and
 *   protocol. Shares of kinds do not apply.
 */
export type Popularity =
  | { readonly kind: "uniform" }
  | { readonly kind: "zipf"; readonly s: number }
  | { readonly kind: "first" }
  | { readonly kind: "middle" }
  | { readonly kind: "last" }
  | { readonly kind: "miss" };

/** Packets of a flow in the direction of the client's request, the opening one included. */
export type FlowLength =
  | { readonly kind: "fixed"; readonly packets: number }
  | { readonly kind: "geometric"; readonly mean: number }
  | { readonly kind: "pareto"; readonly alpha: number; readonly min: number; readonly max: number };

/**
 * When packets arrive; stated by every scenario, since latency under a closed loop is not latency under an open one.
 * - open: `ratePerSecond` packets a second, whatever becomes of them.
 * - closed: `concurrency` clients, each waiting `thinkMs` before its next packet. Service time is not known here and
 *   counts as 0, so packet i arrives at floor(i / concurrency) x thinkMs.
 * - backlog: everything at once, at 0.
 */
export type Arrival =
  | { readonly model: "open"; readonly ratePerSecond: number; readonly process: "poisson" | "fixed" }
  | { readonly model: "closed"; readonly concurrency: number; readonly thinkMs: number }
  | { readonly model: "backlog" };

/** Who sends. Weights are relative. */
export interface TrafficClients {
  /** Pods on this node, entering by `podInterface`; outside clients, by `outsideInterface`; the node itself. */
  readonly weights: { readonly pod: number; readonly outside: number; readonly node: number };
  /** Distinct addresses of Pods, and as many of outside clients. */
  readonly count: number;
  /** The node's Pod CIDR, from whose top the Pods come; null for node-1's of the usual range. */
  readonly podCIDR: string | null;
  /** null for the documentation and benchmarking ranges. */
  readonly outsideCIDR: string | null;
  /** null for node-1's. */
  readonly nodeAddress: string | null;
  readonly podInterface: string;
  readonly outsideInterface: string;
}

export interface TrafficSpec {
  /**
   * - first-packet: every packet opens a flow.
   * - established: `flows` flows are opened beforehand; every packet belongs to one of them, drawn with a probability
   *   proportional to its length.
   * - mixed: `flows` flows are live at any time; one that has sent all its packets is replaced by a new one.
   */
  readonly kind: "first-packet" | "established" | "mixed";
  /** Packets to send, not counting those that open flows beforehand. */
  readonly packets: number;
  /** Flows alive at once; ignored for first-packet. */
  readonly flows: number;
  readonly flowLength: FlowLength;
  /** For mixed: the share of packets that open a flow. Stands for flowLength geometric of mean 1/ratio. null: unused. */
  readonly newConnectionRatio: number | null;
  readonly popularity: Popularity;
  /** Only targets of these protocols are asked. */
  readonly protocols: readonly TransportProtocol[];
  /**
   * Relative weights of the protocols, within each kind of address; one that no target of the kind has counts as 0.
   * null: every target alike, whatever it speaks. Not applied by first, middle, last and miss.
   */
  readonly protocolWeights: Readonly<Record<TransportProtocol, number>> | null;
  /** Relative weights; kinds that no target has count as 0. */
  readonly targetWeights: Readonly<Record<TargetKind, number>>;
  readonly clients: TrafficClients;
  /** Payload of every packet but a TCP handshake's, bytes. */
  readonly payloadBytes: number;
  /** Where "miss" looks for a free address; null for the usual service range. */
  readonly serviceCIDR: string | null;
  readonly arrival: Arrival;
}

/** Everything but the arrival, which a scenario must state: uniform TCP first packets from Pods to cluster IPs. */
export const defaultTrafficSpec: Omit<TrafficSpec, "arrival"> = {
  kind: "first-packet",
  packets: 10_000,
  flows: 1_000,
  flowLength: { kind: "geometric", mean: 10 },
  newConnectionRatio: null,
  popularity: { kind: "uniform" },
  protocols: ["TCP", "UDP", "SCTP"],
  protocolWeights: null,
  targetWeights: { "cluster-ip": 1, "external-ip": 0, "load-balancer": 0, "node-port": 0 },
  clients: {
    weights: { pod: 1, outside: 0, node: 0 },
    count: 200,
    podCIDR: null,
    outsideCIDR: null,
    nodeAddress: null,
    podInterface: "cni0",
    outsideInterface: "eth0",
  },
  payloadBytes: 64,
  serviceCIDR: null,
};

/** @throws {PlumbError} InvalidInput listing every field out of range */
export function checkTrafficSpec(spec: TrafficSpec): void {
  const problems: string[] = [];
  const within = (name: string, value: number, least: number, most: number, whole = true) => {
    if (value >= least && value <= most && (!whole || Number.isInteger(value))) return;
    problems.push(`${name} is ${value}, expected ${whole ? "a whole number " : ""}${least}..${most}`);
  };
  within("packets", spec.packets, 1, PACKETS_MAX);
  within("flows", spec.flows, 1, PACKETS_MAX);
  within("payloadBytes", spec.payloadBytes, 0, 65_535);
  within("clients.count", spec.clients.count, 1, 1_000_000);
  if (spec.newConnectionRatio !== null) within("newConnectionRatio", spec.newConnectionRatio, 1e-6, 1, false);
  if (spec.popularity.kind === "zipf") within("popularity.s", spec.popularity.s, 0, 10, false);
  checkFlowLength(spec.flowLength, within);
  checkArrival(spec.arrival, within);
  checkWeights(problems, "targetWeights", spec.targetWeights);
  checkWeights(problems, "clients.weights", spec.clients.weights);
  if (spec.protocolWeights !== null) checkWeights(problems, "protocolWeights", spec.protocolWeights);
  if (spec.protocols.length === 0) problems.push("protocols is empty, expected TCP, UDP or SCTP");
  if (problems.length > 0)
    throw new PlumbError("InvalidInput", `Cannot generate traffic: ${problems.join("; ")}`);
}

const PACKETS_MAX = 50_000_000;

type Within = (name: string, value: number, least: number, most: number, whole?: boolean) => void;

function checkFlowLength(length: FlowLength, within: Within): void {
  if (length.kind === "fixed") within("flowLength.packets", length.packets, 1, 1e9);
  if (length.kind === "geometric") within("flowLength.mean", length.mean, 1, 1e9, false);
  if (length.kind !== "pareto") return;
  within("flowLength.alpha", length.alpha, 0.1, 100, false);
  within("flowLength.min", length.min, 1, 1e9);
  within("flowLength.max", length.max, length.min, 1e9);
}

function checkArrival(arrival: Arrival, within: Within): void {
  if (arrival.model === "open") within("arrival.ratePerSecond", arrival.ratePerSecond, 1e-3, 1e9, false);
  if (arrival.model !== "closed") return;
  within("arrival.concurrency", arrival.concurrency, 1, 1e7);
  within("arrival.thinkMs", arrival.thinkMs, 0, 1e7, false);
}

function checkWeights(problems: string[], name: string, weights: Readonly<Record<string, number>>): void {
  const values = Object.values(weights);
  if (!values.every((weight) => weight >= 0 && weight <= 1e9))
    problems.push(`${name} has a weight outside 0..1e9`);
  else if (!values.some((weight) => weight > 0)) problems.push(`${name} has no weight above 0`);
}
