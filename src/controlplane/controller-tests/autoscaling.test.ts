import assert from "node:assert/strict";
import { test } from "node:test";
import { HORIZONTAL_POD_AUTOSCALERS } from "../client/cluster-resources.js";
import { PODS, REPLICA_SETS } from "../client/resources.js";
import { horizontalPodAutoscalerController } from "../controllers/autoscaling/autoscaler-controller.js";
import type { MetricsSource } from "../controllers/autoscaling/metric-proposal.js";
import { podObject, startRealCluster } from "./real-cluster.test-data.js";

const SELECTOR = {
  matchLabels: { app: "web" },
  matchExpressions: [{ key: "tier", operator: "In", values: ["back", "front"] }],
};

test("horizontalPodAutoscalerController scales a workload up by the CPU of the Pods its selector means, and says so", async () => {
  let milli = 800;
  const none = async () => Promise.reject(new Error("no such metric"));
  const source: MetricsSource = {
    podResource: async () => new Map([["web-1", { value: milli, timestampMs: 4e12, windowMs: 30_000 }]]),
    podMetric: none,
    external: none,
    object: none,
  };
  const cluster = await startRealCluster([horizontalPodAutoscalerController(source)]);
  const resources = { requests: { cpu: "1" } };
  const template = {
    metadata: { labels: { app: "web", tier: "front" } },
    spec: { containers: [{ name: "main", image: "web:1", resources }] },
  };
  const set = await cluster.of(REPLICA_SETS).create({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "web" },
    spec: { replicas: 1, selector: SELECTOR, template },
  });
  await cluster.setStatus(REPLICA_SETS, set, { replicas: 1 });
  const pod = await cluster
    .of(PODS)
    .create(podObject("web-1", { metadata: template.metadata, spec: template.spec }));
  const ready = { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" };
  await cluster.setStatus(PODS, pod, {
    phase: "Running",
    startTime: "2026-01-01T00:00:00Z",
    conditions: [ready],
  });
  await cluster.of(HORIZONTAL_POD_AUTOSCALERS).create({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web" },
      minReplicas: 1,
      maxReplicas: 5,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 40 } },
        },
      ],
    },
  });
  await cluster.timers.advance(1000);
  assert.equal((await cluster.of(REPLICA_SETS).get("web")).spec?.replicas, 2);
  const { status } = await cluster.of(HORIZONTAL_POD_AUTOSCALERS).get("web");
  assert.deepEqual(
    status?.conditions?.map(({ type, status: is, reason }) => `${type} ${is} ${reason}`),
    [
      "AbleToScale True SucceededRescale",
      "ScalingActive True ValidMetricFound",
      "ScalingLimited False DesiredWithinRange",
    ],
  );
  assert.deepEqual([status?.currentReplicas, status?.desiredReplicas], [1, 2]);
  assert.ok(
    (await cluster.events()).includes(
      "Normal SuccessfulRescale New size: 2; reason: cpu resource utilization (percentage of request) above target",
    ),
  );
  milli = 400;
  await cluster.timers.advance(60_000);
  assert.equal((await cluster.of(REPLICA_SETS).get("web")).spec?.replicas, 2);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});
