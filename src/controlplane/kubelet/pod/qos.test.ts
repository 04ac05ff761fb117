import assert from "node:assert/strict";
import test from "node:test";
import type { Container } from "./pod.js";
import { oomScoreAdjust, qosClass } from "./qos.js";
import { podRequest } from "./resources.js";
import { sampleContainer, samplePod } from "./sample-pods.test-data.js";

const GIB = 1024 ** 3;

function withResources(requests: Record<string, string>, limits: Record<string, string>): Container {
  return sampleContainer("web", { resources: { requests, limits } });
}

test("qosClass tells the three classes apart", () => {
  const both = { cpu: "1", memory: "1Gi" };
  assert.equal(qosClass({ containers: [sampleContainer("web")] }), "BestEffort");
  assert.equal(qosClass({ containers: [withResources(both, both)] }), "Guaranteed");
  assert.equal(
    qosClass({ containers: [withResources(both, { cpu: "1000m", memory: "1024Mi" })] }),
    "Guaranteed",
  );
  assert.equal(qosClass({ containers: [withResources({ cpu: "1" }, {})] }), "Burstable");
  assert.equal(qosClass({ containers: [withResources(both, both), sampleContainer("log")] }), "Burstable");
  assert.equal(
    qosClass({ containers: [withResources({ cpu: "1", memory: "1Gi" }, { cpu: "2", memory: "1Gi" })] }),
    "Burstable",
  );
});

test("oomScoreAdjust goes by class, and by share of memory for burstable Pods", () => {
  const score = (requests: Record<string, string>, limits: Record<string, string>) => {
    const container = withResources(requests, limits);
    return oomScoreAdjust(samplePod({ containers: [container] }), container, 10 * GIB);
  };
  assert.equal(score({}, {}), 1000);
  assert.equal(score({ cpu: "1", memory: "1Gi" }, { cpu: "1", memory: "1Gi" }), -997);
  assert.equal(score({ memory: "1Gi" }, {}), 900);
  assert.equal(score({ cpu: "1m" }, {}), 999);
  assert.equal(score({ memory: "10Gi" }, {}), 3);
});

test("podRequest is the sum of what runs, or the largest init container with the sidecars before it", () => {
  const asks = (name: string, cpu: string, more: Partial<Container> = {}) =>
    sampleContainer(name, { resources: { requests: { cpu } }, ...more });
  const containers = [asks("a", "100m"), asks("b", "200m")];
  assert.equal(podRequest({ containers }, "cpu"), 300);
  assert.equal(podRequest({ containers, initContainers: [asks("init", "1")] }, "cpu"), 1000);
  const sidecar = asks("sidecar", "500m", { restartPolicy: "Always" });
  assert.equal(podRequest({ containers, initContainers: [sidecar, asks("init", "1")] }, "cpu"), 1500);
  assert.equal(podRequest({ containers, overhead: { cpu: "10m" } }, "cpu"), 310);
});
