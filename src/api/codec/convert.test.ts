import assert from "node:assert/strict";
import { test } from "node:test";
import { kindNamed } from "../kinds/kinds.js";
import type { KubeObject } from "../meta.js";
import { fromStorage, storageApiVersionOf, toStorage } from "./convert.js";

const METRICS = [
  { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } } },
  {
    type: "Pods",
    pods: { metric: { name: "rps", selector: {} }, target: { type: "AverageValue", averageValue: "5" } },
  },
  {
    type: "Object",
    object: {
      describedObject: { kind: "Service", name: "web" },
      metric: { name: "hits" },
      target: { type: "AverageValue", averageValue: "2" },
    },
  },
  { type: "External", external: { metric: { name: "q" }, target: { type: "Value", value: "30" } } },
  {
    type: "ContainerResource",
    containerResource: {
      name: "cpu",
      container: "a",
      target: { type: "Utilization", averageUtilization: 5 },
    },
  },
  { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
];

const V2 = {
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "web", annotations: { mine: "1" } },
  spec: {
    maxReplicas: 5,
    scaleTargetRef: { kind: "Deployment", name: "web", apiVersion: "apps/v1" },
    metrics: METRICS,
    behavior: {
      scaleDown: {
        stabilizationWindowSeconds: 60,
        policies: [{ type: "Pods", value: 1, periodSeconds: 15 }],
      },
    },
  },
  status: {
    currentReplicas: 2,
    desiredReplicas: 2,
    currentMetrics: [
      {
        type: "Resource",
        resource: { name: "cpu", current: { averageUtilization: 10, averageValue: "5m" } },
      },
    ],
    conditions: [{ type: "AbleToScale", status: "True" }],
  },
} as unknown as KubeObject;

test("fromStorage and toStorage carry all of an autoscaler through v1 and back", () => {
  const v1 = fromStorage(V2, "autoscaling", "v1") as KubeObject & {
    spec: Record<string, unknown>;
    status: Record<string, unknown>;
  };
  assert.equal(v1.apiVersion, "autoscaling/v1");
  assert.equal(v1.spec["targetCPUUtilizationPercentage"], 50);
  assert.equal(v1.status["currentCPUUtilizationPercentage"], 10);
  assert.deepEqual(Object.keys(v1.metadata.annotations ?? {}), [
    "mine",
    "autoscaling.alpha.kubernetes.io/metrics",
    "autoscaling.alpha.kubernetes.io/current-metrics",
    "autoscaling.alpha.kubernetes.io/behavior",
    "autoscaling.alpha.kubernetes.io/conditions",
  ]);
  assert.deepEqual(toStorage(v1), V2);
});

test("fromStorage writes an autoscaler's other metrics and behavior as upstream does", () => {
  const annotations = fromStorage(V2, "autoscaling", "v1").metadata.annotations ?? {};
  const metrics = JSON.parse(annotations["autoscaling.alpha.kubernetes.io/metrics"] ?? "");
  assert.deepEqual(metrics[2], {
    type: "Object",
    object: {
      target: { kind: "Service", name: "web" },
      metricName: "hits",
      targetValue: "0",
      averageValue: "2",
    },
  });
  assert.equal(
    annotations["autoscaling.alpha.kubernetes.io/behavior"],
    '{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":60,"SelectPolicy":null,' +
      '"Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":15}],"Tolerance":null}}',
  );
});

test("toStorage ignores an autoscaler's annotation that is no JSON", () => {
  const v1 = {
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "a", annotations: { "autoscaling.alpha.kubernetes.io/metrics": "{" } },
    spec: { maxReplicas: 1 },
  } as unknown as KubeObject;
  assert.deepEqual(toStorage(v1), {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "a" },
    spec: { maxReplicas: 1 },
    status: {},
  });
});

test("toStorage keeps core Events as events.k8s.io, and fromStorage gives them back", () => {
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "a" },
    involvedObject: { kind: "Pod", name: "p" },
    message: "m",
    source: { component: "c" },
    count: 2,
    firstTimestamp: "2024-01-01T00:00:00Z",
    lastTimestamp: "2024-01-01T00:00:00Z",
    reportingComponent: "c",
    reportingInstance: "i",
    reason: "r",
  } as unknown as KubeObject;
  const stored = toStorage(event) as KubeObject & Record<string, unknown>;
  assert.equal(stored.apiVersion, "events.k8s.io/v1");
  assert.deepEqual(stored["regarding"], { kind: "Pod", name: "p" });
  assert.equal(stored["note"], "m");
  assert.deepEqual(fromStorage(stored, "", "v1"), event);
  const list = { apiVersion: "events.k8s.io/v1", kind: "EventList", metadata: {}, items: [stored] };
  assert.deepEqual((fromStorage(list as unknown as KubeObject, "", "v1") as unknown as typeof list).items, [
    event,
  ]);
});

test("toStorage and fromStorage return what needs no conversion as it is", () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" } };
  assert.equal(toStorage(pod), pod);
  assert.equal(fromStorage(pod, "", "v1"), pod);
  assert.equal(fromStorage(V2, "autoscaling", "v2"), V2);
});

test("storageApiVersionOf names the group that events are kept in", () => {
  const kind = kindNamed("", "Event");
  assert.ok(kind);
  assert.equal(storageApiVersionOf(kind), "events.k8s.io/v1");
});
