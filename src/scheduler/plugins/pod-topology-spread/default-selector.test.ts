import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesSelector } from "../../../api/selector.js";
import type { Service, Workload } from "../../../api/types.js";
import { handle, pod } from "../cluster.test-data.js";
import { defaultSelector } from "./default-selector.js";

const service = (
  name: string,
  selector: Record<string, string> | undefined,
  namespace = "default",
): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: selector === undefined ? {} : { selector },
});
const workload = (
  kind: "ReplicaSet" | "ReplicationController",
  selector: Workload["spec"]["selector"] & object,
): Workload => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name: "owner", namespace: "default" },
  spec: { selector, template: {} },
});
const owned = (kind: string, apiVersion: string) =>
  pod(
    "p",
    {},
    {
      labels: { app: "web", tier: "front" },
      ownerReferences: [{ apiVersion, kind, name: "owner", controller: true }],
    },
  );
const LABELS = { app: "web", tier: "front" };
const of = (incoming: ReturnType<typeof pod>, ...objects: (Service | Workload)[]) =>
  defaultSelector(incoming, handle([], objects).objects);

test("defaultSelector merges the Services of the namespace that select the Pod", () => {
  const web = pod("p", {}, { labels: LABELS });
  const others = [
    service("none", undefined),
    service("else", { app: "db" }),
    service("far", { app: "web" }, "x"),
  ];
  assert.equal(of(web, ...others), null);
  assert.deepEqual(of(web, ...others, service("a", { app: "web" }), service("b", { tier: "front" })), {
    matchLabels: LABELS,
    matchExpressions: [],
  });
});

test("defaultSelector adds what the controller selects", () => {
  const replicas = workload("ReplicaSet", {
    matchLabels: { app: "web" },
    matchExpressions: [{ key: "canary", operator: "DoesNotExist" }],
  });
  const selector = of(owned("ReplicaSet", "apps/v1"), replicas, service("a", { tier: "front" }));
  assert.ok(selector !== null && matchesSelector(LABELS, selector));
  assert.ok(!matchesSelector({ ...LABELS, canary: "yes" }, selector));
  assert.ok(!matchesSelector({ tier: "front" }, selector));
  const plain = workload("ReplicationController", { app: "web" });
  assert.deepEqual(of(owned("ReplicationController", "v1"), plain)?.matchLabels, { app: "web" });
});

test("defaultSelector knows no controllers of other groups, and none that are gone", () => {
  const replicas = workload("ReplicaSet", { matchLabels: { app: "web" } });
  assert.equal(of(owned("ReplicaSet", "example.com/v1"), replicas), null);
  assert.equal(of(owned("ReplicaSet", "apps/v1")), null);
});
