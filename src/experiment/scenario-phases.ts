// Declarations of spec.phases, and which metrics each phase produces.
import { LIMITS } from "../base/limits.js";
import type { MetricName } from "../measure/metrics.js";
import {
  checked,
  choice,
  count,
  duration,
  either,
  type Field,
  INVALID,
  type JsonSchema,
  list,
  object,
  optional,
  quantity,
  record,
  tagged,
  textOrNumber,
  word,
} from "../base/document/fields.js";
import type { MapNode } from "../base/document/source-tree.js";
import {
  type AffinityPhase,
  type Arrival,
  type ConntrackPhase,
  type FlowSpec,
  type Labels,
  type LabelValue,
  type Phase,
  type ProgramPhase,
  TARGETS,
  TRAFFIC_KINDS,
  type TrafficPhase,
  type WorkersPhase,
} from "./scenario-types.js";

/** Linux: nf_conntrack_tcp_timeout_established and nf_conntrack_tcp_timeout_time_wait. */

const arrivalField = tagged<Arrival>("model", "arrival of packets", {
  closed: object("The next packet is sent when the last is done; latencies are service times.", {
    model: word("closed"),
  }),
  backlog: object("All packets are waiting from the start.", { model: word("backlog") }),
  open: object("Packets come at a rate, whatever happens to them.", {
    model: word("open"),
    rate: quantity("rate", "New packets, or connections, per second."),
    process: optional(choice(["poisson", "uniform"], "Gaps between arrivals."), "poisson"),
  }),
});

const protocolMixField: Field<FlowSpec["protocolMix"]> = checked(
  object("Shares of flows by protocol; they sum to 100%.", {
    tcp: optional(quantity("share", "TCP.", { max: 1 }), 0),
    udp: optional(quantity("share", "UDP.", { max: 1 }), 0),
    sctp: optional(quantity("share", "SCTP.", { max: 1 }), 0),
  }),
  ({ tcp, udp, sctp }) =>
    Math.abs(tcp + udp + sctp - 1) < 1e-9
      ? null
      : `shares sum to ${round((tcp + udp + sctp) * 100)}%, expected 100%`,
);

const flowsField: Field<FlowSpec> = checked(
  object<FlowSpec>("The flows that packets belong to.", {
    arrival: arrivalField,
    target: optional(
      choice(TARGETS, "Which Services are asked for; first, last and miss are the ends of a linear chain."),
      "uniform",
    ),
    count: optional(count("Distinct connections.", { min: 1, max: LIMITS.FLOWS_MAX }), 4096),
    packetsPerFlow: optional(
      count("Packets per connection, on average.", { min: 1, max: LIMITS.PACKETS_MAX }),
      16,
    ),
    newConnectionRatio: optional(
      quantity("share", "Packets that open a connection, in mixed traffic.", { max: 1 }),
      0.1,
    ),
    payload: optional(quantity("size", "Payload of a packet.", { max: LIMITS.PAYLOAD_BYTES_MAX }), 64),
    protocolMix: optional(protocolMixField, { tcp: 1, udp: 0, sctp: 0 }),
    nodePortShare: optional(quantity("share", "Flows that come to a node port.", { max: 1 }), 0),
    externalShare: optional(
      quantity("share", "Flows that come to an external or load-balancer IP.", { max: 1 }),
      0,
    ),
  }),
  ({ nodePortShare, externalShare }) =>
    nodePortShare + externalShare <= 1 ? null : "nodePortShare and externalShare are above 100% together",
);

const programField = object<ProgramPhase>("Compile the cluster into rules, whole and change by change.", {
  kind: word("program"),
  sync: optional(list(choice(["full", "partial"], "Kind of sync."), "Which syncs are measured.", 1), [
    "full",
    "partial",
  ]),
  changes: optional(
    count("One-Service changes that a partial sync is the mean of.", { min: 1, max: 10_000 }),
    8,
  ),
});

const trafficField = object<TrafficPhase>("Send packets through the rules.", {
  kind: word("traffic"),
  packets: choice(TRAFFIC_KINDS, "First packets of connections, packets of known ones, or a mix."),
  flows: flowsField,
});

const workersField = object<WorkersPhase>("Established traffic over growing numbers of workers.", {
  kind: word("workers"),
  counts: checked(
    list(count("Workers.", { min: 1, max: LIMITS.WORKERS_MAX }), "Worker counts, rising.", 1),
    (counts) =>
      counts.every((value, index) => index === 0 || value > (counts[index - 1] as number))
        ? null
        : "expected rising counts",
  ),
  flows: flowsField,
});

const conntrackField: Field<ConntrackPhase> = checked(
  object<ConntrackPhase>("New connections until the conntrack table has settled or overflowed.", {
    kind: word("conntrack"),
    tableEntries: count("nf_conntrack_max.", { min: 1, max: LIMITS.CONNTRACK_ENTRIES_MAX }),
    duration: duration("How long connections keep coming, in simulated time."),
    flows: flowsField,
  }),
  ({ flows }) =>
    flows.arrival.model === "open" ? null : "a table fills at a rate: expected flows.arrival.model open",
);

const affinityField = object<AffinityPhase>(
  "Clients that come back within and beyond their affinity's timeout.",
  {
    kind: word("affinity"),
    clients: count("Clients.", { min: 1, max: LIMITS.FLOWS_MAX }),
    returnsPerClient: optional(count("Visits after the first.", { min: 1, max: 10_000 }), 4),
    interval: duration("Time between two visits of one client, in simulated time."),
    endpointChurn: optional(quantity("share", "Endpoints replaced half way.", { max: 1 }), 0),
  },
);

const anyPhaseField = tagged<Phase>("kind", "phase", {
  program: programField,
  traffic: trafficField,
  workers: workersField,
  conntrack: conntrackField,
  affinity: affinityField,
});

/** Label -> the value or values a case must have. */
export type Condition = Readonly<Record<string, LabelValue | readonly LabelValue[]>>;

/** A phase and the cases it is run in. */
export interface WrittenPhase {
  readonly when: Condition;
  readonly phase: Phase;
}

const whenField = record(
  { pattern: /^[A-Za-z][A-Za-z0-9_]*$/, expected: "a label name" },
  either(
    list(textOrNumber("One value."), "Any of these values.", 1),
    (node) => node.kind === "list",
    textOrNumber("This value."),
  ),
  "Run the phase only in cases with these labels, such as services: 10000.",
);

/** Any phase, with `when` beside its own fields. */
export const phaseField: Field<WrittenPhase> = {
  schema: withWhen(anyPhaseField.schema),
  read(node, at, problems) {
    const entry = node.kind === "map" ? node.entries.get("when") : undefined;
    const when = entry === undefined ? {} : whenField.read(entry.node, `${at}.when`, problems);
    const phase = anyPhaseField.read(node.kind === "map" ? withoutKey(node, "when") : node, at, problems);
    return when === INVALID || phase === INVALID ? INVALID : { when, phase };
  },
};

function withWhen(schema: JsonSchema): JsonSchema {
  const variants = schema["anyOf"] as readonly (JsonSchema & { readonly properties: object })[];
  const add = (variant: (typeof variants)[number]) => ({
    ...variant,
    properties: { ...variant.properties, when: whenField.schema },
  });
  return { ...schema, anyOf: variants.map(add) };
}

function withoutKey(node: MapNode, key: string): MapNode {
  return { ...node, entries: new Map([...node.entries].filter(([name]) => name !== key)) };
}

/** Whether a case's labels meet a condition. */
export function meets(labels: Labels, condition: Condition): boolean {
  return Object.entries(condition).every(([name, wanted]) =>
    [wanted].flat().includes(labels[name] as LabelValue),
  );
}

const STATE: readonly MetricName[] = ["state.rules", "state.elements", "state.image_bytes"];
const SYNCS: Readonly<Record<ProgramPhase["sync"][number], readonly MetricName[]>> = {
  full: ["sync.full.rules", "sync.full.bytes", "sync.full.compile_ns", ...STATE],
  partial: ["sync.partial.rules", "sync.partial.bytes", "sync.partial.compile_ns"],
};
const TRAFFIC: Readonly<Record<TrafficPhase["packets"], readonly MetricName[]>> = {
  "first-packet": [
    "first.rules_evaluated",
    "first.lookups",
    "first.core_ns",
    "first.kernel_ns",
    "fairness.chi_square_p",
  ],
  established: ["established.rules_evaluated", "established.core_ns", "established.kernel_ns"],
  mixed: ["mixed.rules_evaluated", "mixed.core_ns", "mixed.kernel_ns"],
};

/** The metrics that a phase fills in every case that supports it. */
export function metricsOf(phase: Phase): readonly MetricName[] {
  switch (phase.kind) {
    case "program":
      return phase.sync.flatMap((sync) => SYNCS[sync]);
    case "traffic":
      return TRAFFIC[phase.packets];
    case "workers":
      return ["workers.packets_per_second"];
    case "conntrack":
      return ["conntrack.entries", "conntrack.dropped"];
    case "affinity":
      return ["affinity.broken_share"];
  }
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
