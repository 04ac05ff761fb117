// A scenario as the executor receives it: checked, every ${param} filled in, the matrix expanded into cases.
// Plain data: it is written into result.json as it stands. Durations are ns, sizes bytes, rates per second, shares 0..1.
// Declarations of the file's fields: scenario-schema.ts, held to these types by the compiler.
import type { DurationNs } from "../base/clock.js";
import type { MetricName } from "../measure/metrics.js";
import type { Labels } from "../measure/run-record.js";
import type { ImportedFloor } from "../measure/scheduling-record.js";
import type { IpvsScheduler } from "../netfilter/ipvs/model.js";
import type { Mode } from "../netfilter/rule-model.js";
import type { LocalDetector, ServiceOrder } from "../proxy/config.js";
import type { GenerateSpec } from "../workload/generate-spec.js";
import type { ControlPlaneSpec } from "./controlplane/controlplane-types.js";
import type { SchedulingSpec } from "./scheduling/scheduling-types.js";

export const SCENARIO_API_VERSION = "plumbline/v1";

export type { Labels };
export type LabelValue = Labels[string];

export interface Scenario {
  readonly apiVersion: typeof SCENARIO_API_VERSION;
  readonly name: string;
  /** One sentence: the question this scenario answers. */
  readonly purpose: string;
  /** For selecting scenarios: suite=proxy, size=small. */
  readonly labels: Labels;
  readonly seed: number;
  /** Every parameter's value outside the matrix: its default, or what the command line set. */
  readonly params: Labels;
  /** Axis -> values, in file order; `mode` is one of them where packets are sent. */
  readonly axes: Readonly<Record<string, readonly LabelValue[]>>;
  /** The matrix expanded, exclusions taken out, the last axis varying fastest; then what is scheduled. */
  readonly cases: readonly ScenarioCase[];
  readonly sampling: Sampling;
  readonly thresholds: readonly Threshold[];
  readonly regression: Regression;
}

export type ScenarioCase = PacketsCase | SchedulingCase | ControlPlaneCase;

interface CaseHead {
  /** "mode=iptables services=1000": labels in order; unique in the scenario. */
  readonly id: string;
  readonly labels: Labels;
}

/** One point of the matrix with everything needed to run it. */
export interface PacketsCase extends CaseHead {
  readonly kind: "packets";
  readonly mode: Mode;
  readonly cluster: ClusterSpec;
  readonly proxy: ProxySpec;
  readonly phases: readonly Phase[];
}

/** A workload, or one of its sizes, under one scheduler configuration. */
export interface SchedulingCase extends CaseHead {
  readonly kind: "scheduling";
  readonly spec: SchedulingSpec;
  /** What the workload's authors accept; null when they name nothing. */
  readonly floor: ImportedFloor | null;
}

/** One size of a benchmark through the control plane. */
export interface ControlPlaneCase extends CaseHead {
  readonly kind: "controlplane";
  readonly spec: ControlPlaneSpec;
}

/** Where the objects or the rules come from; exactly one source. Paths are absolute. */
export interface ClusterSpec {
  readonly source:
    | { readonly kind: "services"; readonly services: GenerateSpec }
    | { readonly kind: "manifests"; readonly path: string }
    | { readonly kind: "iptablesSave"; readonly path: string };
  /** The input tiled over this many namespaces; 1 leaves it alone. */
  readonly replicate: number;
  /** Nodes that endpoints are spread over, where the input does not name them; the rules are those of the first. */
  readonly nodes: number;
}

/** Knobs that every mode of a comparison shares. */
export interface ProxySpec {
  readonly masqueradeAll: boolean;
  readonly localDetector: LocalDetector;
  readonly order: ServiceOrder;
  readonly largeClusterEndpoints: number;
  readonly nodePortAddresses: readonly string[];
  readonly ipvs: {
    readonly scheduler: IpvsScheduler;
    /** fixed: 256 buckets, as kernels before 6.20. resizable: as later ones. */
    readonly tables: "fixed" | "resizable";
  };
  readonly nftables: { readonly layout: "1.36" | "1.35" };
}

export type Phase = ProgramPhase | TrafficPhase | WorkersPhase | ConntrackPhase | AffinityPhase;

/** Compile and encode the whole cluster, and then single changes. */
export interface ProgramPhase {
  readonly kind: "program";
  readonly sync: readonly ("full" | "partial")[];
  /** How many one-Service changes a partial sync is the mean of. */
  readonly changes: number;
}

export const TRAFFIC_KINDS = ["first-packet", "established", "mixed"] as const;
export const TARGETS = ["uniform", "zipf", "first", "last", "miss"] as const;

/** Packets through the rules. Each kind fills its own metrics: first.*, established.* or mixed.*. */
export interface TrafficPhase {
  readonly kind: "traffic";
  readonly packets: (typeof TRAFFIC_KINDS)[number];
  readonly flows: FlowSpec;
}

/** What flows look like; shared by every phase that sends packets. */
export interface FlowSpec {
  readonly arrival: Arrival;
  /** Which Services are asked for: all alike, by zipf, only the first or last programmed, or an unused address. */
  readonly target: (typeof TARGETS)[number];
  /** Distinct connections. */
  readonly count: number;
  /** Packets per connection, mean; 1 for first-packet traffic. */
  readonly packetsPerFlow: number;
  /** Share of packets that open a connection, for mixed traffic. */
  readonly newConnectionRatio: number;
  /** Payload of a packet, bytes. */
  readonly payload: number;
  /** Shares by protocol; sum to 1. A Service is asked for in a protocol it serves. */
  readonly protocolMix: { readonly tcp: number; readonly udp: number; readonly sctp: number };
  readonly nodePortShare: number;
  readonly externalShare: number;
}

/** closed: the next packet is sent when the last is done. open: at `rate`, whatever happens. backlog: all at once. */
export type Arrival =
  | { readonly model: "closed" | "backlog" }
  | { readonly model: "open"; readonly rate: number; readonly process: "poisson" | "uniform" };

/** Established traffic over growing numbers of worker threads. */
export interface WorkersPhase {
  readonly kind: "workers";
  /** Worker counts, rising; a count above the machine's cores is skipped with a warning. */
  readonly counts: readonly number[];
  readonly flows: FlowSpec;
}

/** New connections, each soon closed, until the table has settled or overflowed. Timeouts are the kernel's. */
export interface ConntrackPhase {
  readonly kind: "conntrack";
  /** nf_conntrack_max. */
  readonly tableEntries: number;
  /** How long connections keep coming; simulated time. */
  readonly duration: DurationNs;
  readonly flows: FlowSpec;
}

/** Clients that come back, before and after their affinity should have ended. */
export interface AffinityPhase {
  readonly kind: "affinity";
  readonly clients: number;
  readonly returnsPerClient: number;
  /** Simulated time between two visits of one client. */
  readonly interval: DurationNs;
  /** Share of endpoints replaced half way. */
  readonly endpointChurn: number;
}

export interface Sampling {
  /** Blocks: each runs every case once, in a fresh process when isolate is `process`. At least 6 for any claim. */
  readonly samples: number;
  readonly order: "blocked" | "random" | "sequential";
  /** auto: until five windows agree within 2%. Otherwise this many windows. */
  readonly warmup: "auto" | number;
  readonly isolate: "process" | "none";
  /** The run stops starting blocks when this is used up; null for no limit. */
  readonly timeBudget: DurationNs | null;
}

export const OPERATORS = ["<", "<=", ">", ">=", "=="] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Threshold {
  readonly metric: MetricName;
  /** Labels a case must carry to be held to it; empty for every case. */
  readonly where: Labels;
  /** As written: "<= 5us". */
  readonly must: string;
  readonly operator: Operator;
  /** The limit in the metric's base unit. */
  readonly limit: number;
  readonly because: string;
}

export interface Regression {
  /** Metric name or "prefix.*" -> relative margin; `default` for the rest. */
  readonly margin: Readonly<Record<string, number>>;
  readonly policy: "likely" | "confirmed" | "any";
}
