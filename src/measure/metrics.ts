// Every metric a run can hold: one row each. Experiments fill them, reports print them, thresholds name them.

export const PROVENANCES = {
  counted: "exact under a seed: rules, probes, bytes",
  "measured-core": "timed in this program's own WASM and TypeScript",
  modelled: "counts times calibrated costs of kernel primitives",
  "measured-kernel": "timed in a real Linux kernel",
  imported: "published by others, with source",
} as const;
export type Provenance = keyof typeof PROVENANCES;

/** Base units only; scaling is for printing. */
export const UNITS = ["1", "ns", "B", "1/s"] as const;
export type Unit = (typeof UNITS)[number];

export interface MetricRow {
  readonly title: string;
  readonly unit: Unit;
  readonly better: "lower" | "higher" | "none";
  readonly provenance: Provenance;
  /** exact: the same on every machine under one seed, so any difference is a difference. */
  readonly assume: "exact" | "nothing";
  readonly meaning: string;
}

const counted = (title: string, unit: Unit, better: MetricRow["better"], meaning: string): MetricRow => ({
  title,
  unit,
  better,
  provenance: "counted",
  assume: "exact",
  meaning,
});
const measuredCore = (
  title: string,
  unit: Unit,
  better: MetricRow["better"],
  meaning: string,
): MetricRow => ({
  title,
  unit,
  better,
  provenance: "measured-core",
  assume: "nothing",
  meaning,
});
const modelled = (title: string, unit: Unit, better: MetricRow["better"], meaning: string): MetricRow => ({
  title,
  unit,
  better,
  provenance: "modelled",
  assume: "exact",
  meaning,
});

export const METRICS = {
  "first.rules_evaluated": counted(
    "Rules, first packet",
    "1",
    "lower",
    "rules a new connection's first packet walks",
  ),
  "first.lookups": counted(
    "Lookups, first packet",
    "1",
    "lower",
    "set, map, conntrack and IPVS table lookups of a first packet",
  ),
  "first.core_ns": measuredCore(
    "Core, first packet",
    "ns",
    "lower",
    "time per first packet in the WASM core, one worker",
  ),
  "first.kernel_ns": modelled(
    "Kernel, first packet",
    "ns",
    "lower",
    "predicted time of a first packet through Linux: path, conntrack, rules, lookups",
  ),
  "established.rules_evaluated": counted(
    "Rules, established",
    "1",
    "lower",
    "rules a packet of a known connection walks",
  ),
  "established.core_ns": measuredCore(
    "Core, established",
    "ns",
    "lower",
    "time per established packet in the WASM core, one worker",
  ),
  "established.kernel_ns": modelled(
    "Kernel, established",
    "ns",
    "lower",
    "predicted time of an established packet through Linux: path, conntrack, rules, lookups",
  ),
  "mixed.rules_evaluated": counted(
    "Rules, mixed traffic",
    "1",
    "lower",
    "rules a packet walks when some open connections and some belong to known ones",
  ),
  "mixed.core_ns": measuredCore(
    "Core, mixed traffic",
    "ns",
    "lower",
    "time per packet of that mix in the WASM core, one worker",
  ),
  "mixed.kernel_ns": modelled(
    "Kernel, mixed traffic",
    "ns",
    "lower",
    "predicted time of a packet of that mix through Linux",
  ),
  "sync.full.rules": counted(
    "Rules written, full sync",
    "1",
    "lower",
    "rules and elements sent by a full sync",
  ),
  "sync.full.bytes": counted(
    "Bytes written, full sync",
    "B",
    "lower",
    "text sent to the kernel tools by a full sync",
  ),
  "sync.partial.rules": counted(
    "Rules written, one change",
    "1",
    "lower",
    "rules and elements sent after one Service's endpoints changed",
  ),
  "sync.partial.bytes": counted(
    "Bytes written, one change",
    "B",
    "lower",
    "text sent after one Service's endpoints changed",
  ),
  "sync.full.compile_ns": measuredCore(
    "Compile, full sync",
    "ns",
    "lower",
    "Services and EndpointSlices to rules and text, all of them",
  ),
  "sync.partial.compile_ns": measuredCore(
    "Compile, one change",
    "ns",
    "lower",
    "the same for one changed Service",
  ),
  "state.rules": counted("Rules held", "1", "lower", "rules in the kernel's tables after a full sync"),
  "state.elements": counted(
    "Elements held",
    "1",
    "none",
    "set and map elements and virtual and real servers after a full sync",
  ),
  "state.image_bytes": counted("Table image", "B", "lower", "size of the tables in the WASM core"),
  "workers.packets_per_second": measuredCore(
    "Throughput",
    "1/s",
    "higher",
    "established packets per second over all workers",
  ),
  "conntrack.entries": counted("Conntrack entries", "1", "none", "most connections held at once"),
  "conntrack.dropped": counted(
    "Dropped, table full",
    "1",
    "lower",
    "packets dropped because the conntrack table was full",
  ),
  "affinity.broken_share": counted(
    "Affinity broken",
    "1",
    "lower",
    "share of returning clients sent to another endpoint within the timeout",
  ),
  "fairness.chi_square_p": counted(
    "Even spread, p-value",
    "1",
    "none",
    "chi-square p-value of connections per endpoint against an even split",
  ),
  "sched.throughput": measuredCore(
    "SchedulingThroughput",
    "1/s",
    "higher",
    "Pods scheduled per second as upstream's benchmark averages it: mean of samples of a second",
  ),
  "sched.pods_per_second": measuredCore(
    "Pods scheduled",
    "1/s",
    "higher",
    "measured Pods that were scheduled, by the time from the first one's creation to the last binding",
  ),
  "sched.attempt_ns": measuredCore(
    "Attempt",
    "ns",
    "lower",
    "one scheduling attempt, whatever its result: taken out of the queue to decided",
  ),
  "sched.queue_ns": measuredCore(
    "In the queue",
    "ns",
    "lower",
    "from a Pod's scheduled start to being taken out of the queue the last time",
  ),
  "sched.cycle_ns": measuredCore("Cycle", "ns", "lower", "the attempt that placed a Pod, to its decision"),
  "sched.bind_ns": measuredCore("Binding", "ns", "lower", "from the decision for a node to the binding"),
  "sched.total_ns": measuredCore(
    "Start to binding",
    "ns",
    "lower",
    "from a Pod's scheduled start to its binding",
  ),
  "sched.heap_bytes": measuredCore(
    "Heap",
    "B",
    "lower",
    "most JavaScript heap used while Pods were scheduled",
  ),
  "sched.nodes_evaluated_per_pod": counted(
    "Nodes filtered per Pod",
    "1",
    "lower",
    "nodes that filters looked at, by measured Pods",
  ),
  "sched.nodes_scored_per_pod": counted(
    "Nodes scored per Pod",
    "1",
    "lower",
    "nodes that were scored, by measured Pods",
  ),
  "sched.attempts_per_pod": counted(
    "Attempts per Pod",
    "1",
    "lower",
    "scheduling attempts by measured Pods; 1 when every Pod is placed at once",
  ),
  "sched.placed_share": counted("Placed", "1", "higher", "share of Pods that asked for a node and have one"),
  "sched.imbalance_cpu": counted(
    "CPU imbalance",
    "1",
    "lower",
    "standard deviation over nodes of the share of CPU that is requested",
  ),
  "sched.imbalance_memory": counted(
    "Memory imbalance",
    "1",
    "lower",
    "standard deviation over nodes of the share of memory that is requested",
  ),
  "sched.empty_nodes": counted("Empty nodes", "1", "none", "nodes without a Pod at the end"),
  "sched.fragmentation": counted(
    "Fragmentation",
    "1",
    "lower",
    "share of the scarce resource that is free and that no Pod of the workload can use",
  ),
  "api.creates_per_second": measuredCore(
    "Pods created",
    "1/s",
    "higher",
    "Pods created per second with as many requests in flight as allowed",
  ),
  "api.gets_per_second": measuredCore(
    "Pods read",
    "1/s",
    "higher",
    "Pods read one by one per second, as many requests in flight",
  ),
  "api.updates_per_second": measuredCore(
    "Pods updated",
    "1/s",
    "higher",
    "Pods replaced per second, as many requests in flight",
  ),
  "api.lists_per_second": measuredCore(
    "Lists",
    "1/s",
    "higher",
    "lists of up to 500 Pods per second, as many requests in flight",
  ),
  "api.deletes_per_second": measuredCore(
    "Pods deleted",
    "1/s",
    "higher",
    "Pods deleted per second, as many requests in flight",
  ),
  "api.create_ns": measuredCore(
    "Create",
    "ns",
    "lower",
    "one create at half the saturated rate of creates, from when it was due to its answer",
  ),
  "api.get_ns": measuredCore(
    "Get",
    "ns",
    "lower",
    "one get at that rate, from when it was due to its answer",
  ),
  "api.update_ns": measuredCore(
    "Update",
    "ns",
    "lower",
    "one update at that rate, from when it was due to its answer",
  ),
  "api.list_ns": measuredCore(
    "List",
    "ns",
    "lower",
    "one list of up to 500 Pods, ten a second, from when it was due to its answer",
  ),
  "api.delete_ns": measuredCore(
    "Delete",
    "ns",
    "lower",
    "one delete at half the saturated rate of creates, from when it was due to its answer",
  ),
  "api.mutating_p99_ns": measuredCore(
    "Mutating, p99",
    "ns",
    "lower",
    "99th percentile of creates, updates and deletes at that rate together",
  ),
  "api.fanout_events_per_second": measuredCore(
    "Watch fan-out",
    "1/s",
    "higher",
    "events delivered per second to all watchers of one resource together",
  ),
  "startup.running_ns": measuredCore(
    "Created to running",
    "ns",
    "lower",
    "from a Pod's creation to its phase Running, as a watcher saw both",
  ),
  "startup.running_p99_ns": measuredCore(
    "Created to running, p99",
    "ns",
    "lower",
    "99th percentile of the same",
  ),
  "startup.pods_per_second": measuredCore(
    "Pods started",
    "1/s",
    "higher",
    "Pods of the Deployment, by the time from creating it to the last one Running",
  ),
  "join.ready_ns": measuredCore(
    "All nodes Ready",
    "ns",
    "lower",
    "from starting the cluster to the last node's condition Ready",
  ),
  "join.rss_bytes": measuredCore(
    "Memory",
    "B",
    "lower",
    "resident set of the process, control plane and hollow nodes, once all are Ready",
  ),
  "programming.latency_ns": measuredCore(
    "Ready to programmed",
    "ns",
    "lower",
    "from a Pod's condition Ready, as a watcher saw it, to rules that lead to it",
  ),
  "programming.latency_p99_ns": measuredCore(
    "Ready to programmed, p99",
    "ns",
    "lower",
    "99th percentile of the same",
  ),
  "programming.reported_ns": measuredCore(
    "As kube-proxy reports it",
    "ns",
    "lower",
    "the same by the trigger time of EndpointSlices, which Kubernetes rounds down to whole seconds",
  ),
  "programming.sync_ns": measuredCore("Sync", "ns", "lower", "planning one sync and making its text"),
  "rollout.stale_ns": measuredCore(
    "Leads to a Pod that goes",
    "ns",
    "lower",
    "from a Pod's deletion timestamp, as a watcher saw it, to rules without it",
  ),
  "rollout.stale_p99_ns": measuredCore(
    "Leads to a Pod that goes, p99",
    "ns",
    "lower",
    "99th percentile of the same",
  ),
  "rollout.duration_ns": measuredCore(
    "Rolling update",
    "ns",
    "lower",
    "from changing the template to the last old Pod out of the rules",
  ),
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof METRICS;
