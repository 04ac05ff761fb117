import assert from "node:assert/strict";
import { test } from "node:test";
import { node, pod } from "../cluster.test-data.js";
import { afterNodeChange, afterPodChange } from "./hints.js";

const required = (app: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [
    { labelSelector: { matchLabels: { app } }, topologyKey: "zone" },
  ],
});
const WANTS_DB = pod("waiting", { affinity: { podAffinity: required("db") } }, { labels: { app: "web" } });
const AVOIDS_DB = pod(
  "waiting",
  { affinity: { podAntiAffinity: required("db") } },
  { labels: { app: "web" } },
);
const running = (app: string, affinity = {}) =>
  pod("other", { nodeName: "n", affinity }, { labels: { app } });

test("afterPodChange queues, when a Pod comes to meet all affinity terms", () => {
  assert.equal(afterPodChange(WANTS_DB, { before: null, after: running("db") }), "Queue");
  assert.equal(afterPodChange(WANTS_DB, { before: null, after: running("x") }), "Skip");
  assert.equal(afterPodChange(WANTS_DB, { before: running("x"), after: running("db") }), "Queue");
  assert.equal(afterPodChange(WANTS_DB, { before: running("db"), after: running("x") }), "Skip");
});

test("afterPodChange queues, when a Pod that is to be far from is gone or changed", () => {
  assert.equal(afterPodChange(AVOIDS_DB, { before: running("db"), after: null }), "Queue");
  assert.equal(afterPodChange(AVOIDS_DB, { before: running("db"), after: running("x") }), "Queue");
  assert.equal(afterPodChange(AVOIDS_DB, { before: running("x"), after: null }), "Skip");
  const hostile = running("x", { podAntiAffinity: required("web") });
  assert.equal(afterPodChange(WANTS_DB, { before: hostile, after: null }), "Queue");
});

test("afterPodChange looks only at Pods with a node, and at the waiting one", () => {
  const loose = pod("other", {}, { labels: { app: "db" } });
  assert.equal(afterPodChange(WANTS_DB, { before: null, after: loose }), "Skip");
  assert.equal(afterPodChange(WANTS_DB, { before: WANTS_DB, after: WANTS_DB }), "Queue");
});

test("afterNodeChange queues, when a node enters a wanted domain or leaves an unwanted one", () => {
  const zone = (value: string | null) => node("n", { labels: value === null ? {} : { zone: value } }).node;
  const hint = (waiting: typeof WANTS_DB, before: unknown, after: unknown) =>
    afterNodeChange(waiting, { before, after });
  assert.equal(hint(WANTS_DB, null, zone("a")), "Queue");
  assert.equal(hint(WANTS_DB, null, zone(null)), "Skip");
  assert.equal(hint(WANTS_DB, zone(null), zone("a")), "Queue");
  assert.equal(hint(WANTS_DB, zone("a"), zone("a")), "Skip");
  assert.equal(hint(AVOIDS_DB, null, zone(null)), "Queue");
  assert.equal(hint(AVOIDS_DB, zone("a"), zone(null)), "Queue");
  assert.equal(hint(AVOIDS_DB, zone("a"), zone("b")), "Queue");
  assert.equal(hint(AVOIDS_DB, zone(null), zone("a")), "Skip");
});
