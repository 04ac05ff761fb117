// Upstream's scheduling cycle and ours on the same cluster in the same run: 5000 nodes and Pods as in scheduler_perf's
// SchedulingBasic. A cycle is what both do between taking a Pod and binding it: look at the nodes as they are now,
// filter, score, choose, assume, reserve. No queue, no API, no binding, on either side.
// Both run a round to warm up, which is not counted; after a round its Pods are taken back.
// Our side has one thread; upstream's uses as many as there are processors, with its default of 16 workers.
import type { Node, Pod } from "../../api/types.js";
import { type Clock, durationBetween } from "../../base/clock.js";
import { PlumbError } from "../../base/errors.js";
import { Prng } from "../../base/prng.js";
import { quantile } from "../../measure/statistics/quantiles.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import { PodCycle } from "../../scheduler/cycle/pod-cycle.js";
import { Algorithm } from "../../scheduler/cycle/schedule-pod.js";
import { placePod, takeBack } from "../../scheduler/explain/place-pod.js";
import { Extenders } from "../../scheduler/extender/extenders.js";
import type { Scheduler } from "../../scheduler/scheduler.js";
import type { SchedulingCluster } from "../../workload/scheduling-cluster/scheduling-cluster.js";
import { profileOf, schedulerFor } from "./local-decisions.js";
import { parsePeerAnswer, type Peer, timeInput } from "./peer-protocol.js";

export interface CycleTimes {
  /** Cycles that were timed. */
  readonly n: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
}

export interface TimeComparison {
  readonly nodes: number;
  readonly pods: number;
  readonly rounds: number;
  readonly theirThreads: number;
  readonly ours: CycleTimes;
  readonly theirs: CycleTimes;
  /** Median of theirs over median of ours. */
  readonly ratio: number;
}

export interface TimeOptions {
  readonly nodes: number;
  readonly pods: number;
  /** Without the first, which warms up. */
  readonly rounds: number;
  readonly clock: Clock;
  readonly peer: Peer;
}

export async function timeCycles(options: TimeOptions): Promise<TimeComparison> {
  const { nodes, pods, rounds, peer } = options;
  const cluster = basicCluster(nodes, pods);
  const answer = parsePeerAnswer(await peer(timeInput(cluster, rounds + 1)));
  const counted = answer.rounds.slice(1);
  if (counted.length !== rounds || counted.some(({ scheduled }) => scheduled !== pods))
    throw new PlumbError("Internal", "Cannot time the peer: it did not place every Pod in every round");
  const theirs = summarise(counted.flatMap(({ cycleNs }) => cycleNs));
  const ours = summarise(timeOurs(cluster, options));
  const { threads: theirThreads } = answer.header;
  return { nodes, pods, rounds, theirThreads, ours, theirs, ratio: theirs.p50Ns / ours.p50Ns };
}

function timeOurs(cluster: SchedulingCluster, { rounds, clock }: TimeOptions): number[] {
  const scheduler = schedulerFor(cluster, defaultConfiguration());
  const algorithm = new Algorithm({
    nominator: scheduler.nominator,
    prng: new Prng(1),
    extenders: new Extenders([]),
    percentageOfNodesToScore: 0,
  });
  timeRound(scheduler, algorithm, cluster.pending, clock);
  return Array.from({ length: rounds }, () => timeRound(scheduler, algorithm, cluster.pending, clock)).flat();
}

function timeRound(
  scheduler: Scheduler,
  algorithm: Algorithm,
  pending: readonly Pod[],
  clock: Clock,
): number[] {
  const infos = pending.map((pod) => scheduler.cluster.read(pod));
  const placed: { readonly cycle: PodCycle; readonly nodeName: string }[] = [];
  const cycleNs: number[] = [];
  for (const info of infos) {
    const { framework, recorder } = profileOf(scheduler, info);
    const begun = clock.now();
    const cycle = new PodCycle(info, framework, scheduler.cache);
    const step = algorithm.decide(cycle, recorder).next();
    const nodeName = step.done === true && step.value.kind === "node" ? step.value.node.name : null;
    const refusal = nodeName === null ? null : placePod(cycle, nodeName);
    cycleNs.push(durationBetween(begun, clock.now()));
    if (nodeName === null || refusal !== null)
      throw new PlumbError("Internal", `Cannot time Pod '${info.key}': it was not placed`);
    placed.push({ cycle, nodeName });
  }
  for (const { cycle, nodeName } of placed) takeBack(cycle, nodeName);
  return cycleNs;
}

function summarise(cycleNs: readonly number[]): CycleTimes {
  const values = Float64Array.from(cycleNs);
  return { n: values.length, p50Ns: quantile(values, 0.5), p99Ns: quantile(values, 0.99) };
}

/** Source: scheduler_perf's templates node-default and pod-default. */
function basicCluster(nodes: number, pods: number): SchedulingCluster {
  return {
    nodes: Array.from({ length: nodes }, (_, index) => basicNode(`node-${index}`)),
    running: [],
    others: [],
    pending: Array.from({ length: pods }, (_, index) => basicPod(`pod-${index}`)),
  };
}

function basicNode(name: string): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name } },
    status: { allocatable: { pods: "110", cpu: "4", memory: "32Gi" } },
  };
}

function basicPod(name: string): Pod {
  const requests = { cpu: "100m", memory: "500Mi" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      containers: [{ name: "pause", image: "registry.k8s.io/pause:3.10", resources: { requests } }],
      priority: 0,
    },
  };
}
