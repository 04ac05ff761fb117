// JSON Schema of what a case that schedules Pods adds to its record (scheduling-record.ts).
import { THROUGHS } from "./scheduling-record.js";
import { count, list, map, number, object, orNull, type Schema, string, words } from "./schema-parts.js";

const RESULTS = ["scheduled", "unschedulable", "error"] as const;
const share = (description: string) => orNull(number(description, { minimum: 0, maximum: 1 }));
const shares = (description: string) => map(description, { type: "number" });

const throughput = object("Pods per second as upstream's benchmark reports them.", {
  average: number("Mean of the samples."),
  p50: number("Median."),
  p90: number("90th percentile."),
  p95: number("95th percentile."),
  p99: number("99th percentile."),
  samples: list("One per second.", { type: "number" }),
});

const moment = object("The state at one time.", {
  atMs: number("Since the window began, ms."),
  scheduled: count("Measured Pods scheduled so far."),
  attempts: count("Attempts so far."),
  queue: map("Queue -> Pods in it.", { type: "number" }),
  utilisation: shares("Resource -> share of what nodes have."),
  fragmentation: share("Free share of the scarce resource that cannot be used."),
});

const pluginCost = object("What a plugin took at one extension point.", {
  plugin: string("Name."),
  point: string("Extension point."),
  cycles: count("Cycles it ran in."),
  nodes: count("Nodes it was asked about."),
  timedCycles: count("Cycles in which it was timed."),
  timedMs: number("Time of those, ms."),
});

const upstreamMetric = object("One metric of upstream's.", {
  name: string("Full name."),
  labels: map("Label -> value.", { type: "string" }),
  kind: words("What it is; a histogram's data are milliseconds.", ["histogram", "counter", "gauge"]),
  data: map("Average, Perc50, ... of a histogram; else Value.", { type: "number" }),
});

const slowAttempt = object("A slow attempt.", {
  pod: string("namespace/name."),
  result: words("How it ended.", RESULTS),
  cycleMs: number("Its time, ms."),
  evaluatedNodes: count("Nodes that filters looked at."),
  feasibleNodes: count("Nodes that passed them."),
  outcome: string("The node, or why there is none."),
});

const placement = object("How Pods lie at the end.", {
  utilisation: shares("Resource -> taken by allocatable."),
  imbalance: shares("Resource -> standard deviation of the nodes' shares."),
  placedShare: number("Pods that have a node by those that asked for one.", { minimum: 0, maximum: 1 }),
  emptyNodes: count("Nodes without a Pod."),
  fragmentation: share("Free share of the scarce resource that cannot be used."),
});

const floor = object(
  "A threshold of the workload's authors: other machines, with an API server in the way.",
  {
    value: number("In the metric's unit."),
    metric: string('Metric and bucket: "SchedulingThroughput Average".'),
    isCeiling: { description: "Whether it is the most allowed, not the least.", type: "boolean" },
    source: string("File and line."),
  },
);

export const schedulingSchema: Schema = object("A case that schedules Pods; timings are of one block.", {
  "through?": words(
    "What stood between the scheduler and its objects in the pass in real time; absent: in-process. Placements are always of the pass in simulated time, in process.",
    THROUGHS,
  ),
  block: count("The block with the median rate."),
  nodes: count("Nodes."),
  podsInitial: count("Pods placed before the window."),
  podsMeasured: count("Pods of the window."),
  podsScheduled: count("Of those, Pods that got a node."),
  durationMs: number("Length of the window, ms."),
  throughput: orNull(throughput),
  attempts: object(
    "Attempts by result.",
    Object.fromEntries(RESULTS.map((result) => [result, count(`Attempts that ended ${result}.`)])),
  ),
  timeline: list("In the order of time.", moment),
  pluginCosts: list("By plugin and extension point.", pluginCost),
  upstreamMetrics: list("A summary of upstream's metrics over the window.", upstreamMetric),
  slowest: list("Slowest first.", slowAttempt),
  columnBytes: count("Node state in the WASM core, B."),
  placement,
  placementDigest: string("SHA-256 of all placements of the pass in simulated time.", {
    pattern: "^[0-9a-f]{64}$",
  }),
  floor: orNull(floor),
});
