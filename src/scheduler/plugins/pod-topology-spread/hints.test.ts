import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "../cluster.test-data.js";
import { afterNodeChange, afterPodChange } from "./hints.js";
import { constraint, host, web, ZONE } from "./spread.test-data.js";

const WAITING = web("p", { topologySpreadConstraints: [constraint(ZONE, 1)] });
const hard = (each: typeof WAITING) => each.terms.hardSpread;
const running = (name: string, app: string, namespace = "default") =>
  pod(name, { nodeName: "n" }, { labels: { app }, namespace });

test("afterPodChange queues, when a Pod starts or ceases to count", () => {
  const hint = afterPodChange(hard);
  assert.equal(hint(WAITING, { before: null, after: running("o", "web") }), "Queue");
  assert.equal(hint(WAITING, { before: running("o", "web"), after: null }), "Queue");
  assert.equal(hint(WAITING, { before: running("o", "web"), after: running("o", "db") }), "Queue");
  assert.equal(hint(WAITING, { before: running("o", "web"), after: running("o", "web") }), "Skip");
  assert.equal(hint(WAITING, { before: running("o", "db"), after: null }), "Skip");
  assert.equal(hint(WAITING, { before: running("o", "web", "other"), after: null }), "Skip");
  assert.equal(hint(WAITING, { before: web("loose"), after: null }), "Skip");
});

test("afterPodChange queues, when the Pod itself tolerates more and its constraint honours taints", () => {
  const waiting = (tolerations: { key: string }[], nodeTaintsPolicy: "Honor" | "Ignore") =>
    web("p", { tolerations, topologySpreadConstraints: [constraint(ZONE, 1, { nodeTaintsPolicy })] });
  for (const policy of ["Honor", "Ignore"] as const) {
    const objects = { before: waiting([], policy), after: waiting([{ key: "gpu" }], policy) };
    assert.equal(afterPodChange(hard)(objects.after, objects), policy === "Honor" ? "Queue" : "Skip");
  }
});

test("afterNodeChange queues, when a node with all keys comes, goes, moves or is tainted", () => {
  const at = (zone: string, spec = {}) => host("n", zone, 0, spec).node;
  const hint = (before: unknown, after: unknown) => afterNodeChange(hard)(WAITING, { before, after });
  assert.equal(hint(null, at("a")), "Queue");
  assert.equal(hint(null, at("")), "Skip");
  assert.equal(hint(at("a"), null), "Queue");
  assert.equal(hint(at(""), null), "Skip");
  assert.equal(hint(at("a"), at("b")), "Queue");
  assert.equal(hint(at("a"), at("")), "Queue");
  assert.equal(hint(at("a"), at("a")), "Skip");
  assert.equal(hint(at("a"), at("a", { taints: [{ key: "x", effect: "NoSchedule" }] })), "Queue");
  assert.equal(hint(at(""), at("", { taints: [{ key: "x", effect: "NoSchedule" }] })), "Skip");
});
