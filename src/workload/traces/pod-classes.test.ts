import assert from "node:assert/strict";
import test from "node:test";
import { matchesLabels } from "../../api/selector.js";
import { podClasses } from "./pod-classes.js";
import { taskContainer, traceNode, unboundPod } from "./trace.js";

test("podClasses groups Pods by spec, with amounts in base units and the nodes that each may use", () => {
  const nodes = ["gpu", "cpu"].map((pool) =>
    traceNode(pool, { allocatable: {}, labels: { pool }, taints: [] }),
  );
  const web = { containers: [taskContainer({ cpu: "500m", memory: "1Gi" }, {})] };
  const train = {
    containers: [taskContainer({ cpu: "2" }, { "x.org/gpu": "4" })],
    nodeSelector: { pool: "gpu" },
  };
  const pods = [web, train, web].map((spec, index) => unboundPod(`p-${index}`, "default", spec));
  const resources = ["cpu", "memory", "x.org/gpu"];
  const classes = podClasses(pods, {
    nodes,
    resources,
    admits: ({ nodeSelector = {} }, { metadata }) => matchesLabels(metadata.labels, nodeSelector),
  });
  assert.deepEqual(classes, [
    { weight: 2, requests: Float64Array.of(500, 2 ** 30, 0), admitted: null },
    { weight: 1, requests: Float64Array.of(2000, 0, 4), admitted: Uint8Array.of(1, 0) },
  ]);
});
