// Declarations of spec.controlplane: what is measured through the control plane, and at which sizes.
import {
  choice,
  count,
  duration,
  either,
  type Field,
  list,
  mapped,
  object,
  optional,
  quantity,
  tagged,
  word,
} from "../../base/document/fields.js";
import type { DurationNs } from "../../base/clock.js";
import { LIMITS } from "../../base/limits.js";
import { MODES, type Mode } from "../../netfilter/rule-model.js";
import {
  type ApiLoadSpec,
  type NodeJoinSpec,
  type PodStartupSpec,
  type ProgrammingLatencySpec,
  type RolloutSpec,
  type Via,
  VIAS,
} from "./controlplane-types.js";

/** A benchmark of which some values are lists: a case for each. */
type Listed<Spec, Keys extends keyof Spec> = Omit<Spec, Keys> & {
  readonly [Key in Keys]: readonly Spec[Key][];
};

export type WrittenBench =
  | Listed<ApiLoadSpec, "via">
  | Listed<PodStartupSpec, "nodes">
  | Listed<NodeJoinSpec, "nodes">
  | Listed<ProgrammingLatencySpec, "mode" | "services">
  | Listed<RolloutSpec, "mode" | "services">;

function oneOrMore<T>(one: Field<T>, description: string): Field<readonly T[]> {
  return either(
    list(one, description, 1),
    (node) => node.kind === "list",
    mapped(one, (value) => [value]),
  );
}

const some = (description: string, max: number) => count(description, { min: 1, max });
const pods = (description: string) => some(description, LIMITS.PODS_MAX);
const nodes = oneOrMore(some("Nodes.", LIMITS.NODES_MAX), "A case for each count of nodes.");
const services = oneOrMore(some("Services in the cluster.", LIMITS.SERVICES_MAX), "A case for each count.");
const modes: Field<readonly Mode[]> = oneOrMore(choice(MODES, "kube-proxy mode."), "A case for each mode.");
const vias: Field<readonly Via[]> = oneOrMore(
  choice(VIAS, "http: from another thread over loopback; in-process: without a wire."),
  "A case for each way in.",
);
const minSyncPeriod = optional(duration("Least time between two syncs of kube-proxy."), 1e9 as DurationNs);

const benchField: Field<WrittenBench> = tagged<WrittenBench>("bench", "benchmark", {
  "api-load": object<Listed<ApiLoadSpec, "via">>("Requests for Pods, verb by verb, and watches.", {
    bench: word("api-load"),
    via: optional(vias, VIAS),
    pods: pods("Pods of each pass."),
    inFlight: optional(some("Requests at a time.", 1000), 32),
    watchers: optional(count("Watches of one resource.", { max: 10_000 }), 1000),
    events: optional(some("Objects created while they watch.", 100_000), 200),
  }),
  "pod-startup": object<Listed<PodStartupSpec, "nodes">>("Pods of a Deployment, until they run.", {
    bench: word("pod-startup"),
    nodes,
    pods: pods("Replicas."),
  }),
  "node-join": object<Listed<NodeJoinSpec, "nodes">>("Hollow nodes, until all are Ready.", {
    bench: word("node-join"),
    nodes,
  }),
  "programming-latency": object<Listed<ProgrammingLatencySpec, "mode" | "services">>(
    "Pods that become ready, until rules lead to them.",
    {
      bench: word("programming-latency"),
      mode: optional(modes, ["iptables", "ipvs", "nftables"]),
      services,
      changes: some("Pods that become ready.", 100_000),
      rate: quantity("rate", "How many a second.", { min: 1e-3 }),
      minSyncPeriod,
    },
  ),
  rollout: object<Listed<RolloutSpec, "mode" | "services">>(
    "A rolling update behind a Service: how long rules lead to Pods that go.",
    {
      bench: word("rollout"),
      mode: optional(modes, ["iptables", "ipvs", "nftables"]),
      services: optional(services, [1]),
      replicas: some("Replicas of the Deployment.", 10_000),
      minSyncPeriod,
    },
  ),
});

export const controlplaneField: Field<readonly WrittenBench[]> = optional(
  list(benchField, "Benchmarks through a whole control plane, each measured as cases of their own."),
  [],
);
