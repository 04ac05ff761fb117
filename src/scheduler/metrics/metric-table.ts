// Every metric the scheduler keeps: upstream's names (less "scheduler_"), labels and buckets, so that what reads a
// kube-scheduler's metrics reads ours. Left out is what has no counterpart here: goroutines and the asynchronous API
// calls (one thread, actions are handed out), batching and Pod groups.
// The preemption durations are those of 1.37, all else stands in 1.36 too.
// Source: kubernetes/kubernetes pkg/scheduler/metrics/metrics.go.
import { exponentialBuckets, type MetricDefinition } from "../../base/metrics/metric-set.js";

/** Before every name, in snapshots and in text. */
export const METRIC_PREFIX = "scheduler_";

export const METRICS = {
  scheduling_attempt_duration_seconds: {
    type: "histogram",
    labels: ["result", "profile"],
    buckets: exponentialBuckets(0.001, 2, 15),
    help: "Time from popping a Pod to the end of the attempt, binding included.",
  },
  scheduling_algorithm_duration_seconds: {
    type: "histogram",
    labels: [],
    buckets: exponentialBuckets(0.001, 2, 15),
    help: "Time to find a node for a Pod, without reserving and binding.",
  },
  pod_scheduling_sli_duration_seconds: {
    type: "histogram",
    labels: ["attempts"],
    buckets: exponentialBuckets(0.01, 2, 20),
    help: "Time from a Pod's first attempt to its binding, over all attempts.",
  },
  pod_scheduling_attempts: {
    type: "histogram",
    labels: [],
    buckets: exponentialBuckets(1, 2, 5),
    help: "Attempts that a scheduled Pod took.",
  },
  framework_extension_point_duration_seconds: {
    type: "histogram",
    labels: ["extension_point", "status", "profile"],
    buckets: exponentialBuckets(0.0001, 2, 12),
    help: "Time of all plugins at an extension point; of Filter, for all nodes of an attempt.",
  },
  plugin_execution_duration_seconds: {
    type: "histogram",
    labels: ["plugin", "extension_point", "status"],
    buckets: exponentialBuckets(0.00001, 1.5, 20),
    help: "Time of one call of a plugin, in a sample of the attempts.",
  },
  queueing_hint_execution_duration_seconds: {
    type: "histogram",
    labels: ["plugin", "event", "hint"],
    buckets: exponentialBuckets(0.00001, 1.5, 20),
    help: "Time of one queueing hint.",
  },
  event_handling_duration_seconds: {
    type: "histogram",
    labels: ["event"],
    buckets: exponentialBuckets(0.0001, 2, 12),
    help: "Time to take in one cluster event and to move the Pods it may help.",
  },
  permit_wait_duration_seconds: {
    type: "histogram",
    labels: ["result"],
    buckets: exponentialBuckets(0.001, 2, 15),
    help: "Time that a Pod waited to be permitted.",
  },
  preemption_victims: {
    type: "histogram",
    labels: [],
    buckets: exponentialBuckets(1, 2, 7),
    help: "Pods evicted by one preemption.",
  },
  preemption_evaluation_duration_seconds: {
    type: "histogram",
    labels: ["preemptor", "result"],
    buckets: exponentialBuckets(0.001, 2, 16),
    help: "Time to choose the victims of a preemption.",
  },
  preemption_execution_duration_seconds: {
    type: "histogram",
    labels: ["preemptor", "result"],
    buckets: exponentialBuckets(0.001, 2, 16),
    help: "Time to evict the victims of a preemption.",
  },
  schedule_attempts_total: {
    type: "counter",
    labels: ["result", "profile"],
    help: "Attempts to schedule a Pod, by outcome.",
  },
  preemption_attempts_total: {
    type: "counter",
    labels: [],
    help: "Attempts to make room by preemption.",
  },
  queue_incoming_pods_total: {
    type: "counter",
    labels: ["queue", "event"],
    help: "Pods that entered a queue, by the event that brought them.",
  },
  plugin_evaluation_total: {
    type: "counter",
    labels: ["plugin", "extension_point", "profile"],
    help: "Attempts in which a plugin had a say at PreFilter, Filter, PreScore or Score.",
  },
  pod_scheduled_after_flush_total: {
    type: "counter",
    labels: [],
    help: "Scheduled Pods that only a timeout, and no event, had brought back.",
  },
  pending_pods: {
    type: "gauge",
    labels: ["queue"],
    help: "Pods that wait, by queue.",
  },
  inflight_events: {
    type: "gauge",
    labels: ["event"],
    help: "Events kept for Pods in flight; those Pods count as PodPopped.",
  },
  cache_size: {
    type: "gauge",
    labels: ["type"],
    help: "Nodes, Pods and assumed Pods in the cache.",
  },
  unschedulable_pods: {
    type: "gauge",
    labels: ["plugin", "profile"],
    help: "Waiting Pods by a plugin that turned them down; a Pod counts under each of its plugins.",
  },
} as const satisfies Record<string, MetricDefinition>;
