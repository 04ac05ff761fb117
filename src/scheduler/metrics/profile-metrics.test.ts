import assert from "node:assert/strict";
import { test } from "node:test";
import { SKIP, unschedulable } from "../framework/status.js";
import { ProfileMetrics } from "./profile-metrics.js";
import { QueueMetrics } from "./queue-metrics.js";
import { SchedulerMetrics } from "./scheduler-metrics.js";

/** Series that counted something, as text: "name{values} count-or-value", with sums of histograms. */
function counted(metrics: SchedulerMetrics): string[] {
  return metrics
    .snapshot()
    .flatMap(({ name, series }) =>
      series.map((each) => {
        const amount = "value" in each ? `${each.value}` : `${each.count} sum ${each.sum}`;
        return `${name.replace("scheduler_", "")}{${Object.values(each.labels)}} ${amount}`;
      }),
    )
    .filter((line) => !line.includes("} 0"));
}

test("ProfileMetrics counts a cycle under upstream's labels, and makes no child that nothing asked for", () => {
  const metrics = new SchedulerMetrics();
  const profile = new ProfileMetrics(metrics, "default-scheduler");
  profile.extensionPoint("PreFilter", null, 0.25);
  profile.extensionPoint("PreFilter", SKIP, 0.5);
  profile.extensionPoint("PreFilter", SKIP, 0.5);
  profile.plugin("NodeName", "Filter", unschedulable("NodeName", "no"), 0.125);
  profile.evaluations("NodeName", "Filter", 3);
  profile.unschedulable(new Map([["NodePorts", 2]]));
  profile.unschedulable(new Map([["NodeName", 1]]));
  profile.permitWait(null, 1);
  profile.attempt("unschedulable", 2);
  assert.deepEqual(counted(metrics), [
    "scheduling_attempt_duration_seconds{unschedulable,default-scheduler} 1 sum 2",
    "framework_extension_point_duration_seconds{PreFilter,Success,default-scheduler} 1 sum 0.25",
    "framework_extension_point_duration_seconds{PreFilter,Skip,default-scheduler} 2 sum 1",
    "plugin_execution_duration_seconds{NodeName,Filter,Unschedulable} 1 sum 0.125",
    "permit_wait_duration_seconds{Success} 1 sum 1",
    "schedule_attempts_total{unschedulable,default-scheduler} 1",
    "plugin_evaluation_total{NodeName,Filter,default-scheduler} 3",
    "unschedulable_pods{NodeName,default-scheduler} 1",
  ]);
});

test("scheduled puts Pods together that took 15 attempts or more", () => {
  const metrics = new SchedulerMetrics();
  const profile = new ProfileMetrics(metrics, "default-scheduler");
  for (const attempts of [1, 14, 15, 40]) profile.scheduled(attempts, 1);
  assert.deepEqual(counted(metrics), [
    "pod_scheduling_sli_duration_seconds{1} 1 sum 1",
    "pod_scheduling_sli_duration_seconds{14} 1 sum 1",
    "pod_scheduling_sli_duration_seconds{15+} 2 sum 2",
    "pod_scheduling_attempts{} 4 sum 70",
  ]);
});

test("two profiles share a plugin's series and keep their own attempts", () => {
  const metrics = new SchedulerMetrics();
  for (const name of ["a", "b"]) {
    const profile = new ProfileMetrics(metrics, name);
    profile.plugin("NodeName", "Filter", null, 1);
    profile.attempt("scheduled", 1);
  }
  assert.deepEqual(counted(metrics), [
    "scheduling_attempt_duration_seconds{scheduled,a} 1 sum 1",
    "scheduling_attempt_duration_seconds{scheduled,b} 1 sum 1",
    "plugin_execution_duration_seconds{NodeName,Filter,Success} 2 sum 2",
    "schedule_attempts_total{scheduled,a} 1",
    "schedule_attempts_total{scheduled,b} 1",
  ]);
});

test("QueueMetrics counts what enters, hints and events, and shows what waits now", () => {
  const metrics = new SchedulerMetrics();
  const queue = new QueueMetrics(metrics);
  queue.incoming("backoff", "NodeAdd");
  queue.hint("NodeAffinity", "NodeAdd", "QueueSkip", 0.5);
  queue.eventHandled("NodeAdd", 0.25);
  queue.pending({ active: 9, backoff: 2, unschedulable: 3, gated: 4 });
  queue.pending({ active: 1, backoff: 2, unschedulable: 3, gated: 0 });
  assert.deepEqual(counted(metrics), [
    "queueing_hint_execution_duration_seconds{NodeAffinity,NodeAdd,QueueSkip} 1 sum 0.5",
    "event_handling_duration_seconds{NodeAdd} 1 sum 0.25",
    "queue_incoming_pods_total{backoff,NodeAdd} 1",
    "pending_pods{active} 1",
    "pending_pods{backoff} 2",
    "pending_pods{unschedulable} 3",
  ]);
});
