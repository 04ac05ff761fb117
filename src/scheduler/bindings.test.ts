// Pods whose volumes must be bound first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { boundClaim, claim, storageClass, using, volume } from "./plugins/volumes.test-data.js";
import { aNode, aPod, Simulation } from "./scheduler.test-data.js";

const TIMEOUT_MS = 600_000;

/** A Pod on its way to node "n", which waits for claim "data" to be bound to volume "disk". */
function waitingForVolume() {
  const simulation = new Simulation();
  simulation.nowMs = 5000;
  simulation.setNodes(aNode("n"));
  simulation.set(storageClass("wait"), volume("disk"), claim("data"));
  simulation.setPods(aPod("p", {}, using("data")));
  const [attempt] = simulation.run();
  assert.equal(attempt?.result, "scheduled");
  return simulation;
}

test("Bindings asks for volumes before the binding, when the Pod's claims are not bound", () => {
  const simulation = waitingForVolume();
  assert.deepEqual(
    simulation.actions.map(({ kind }) => kind),
    ["updateVolume"],
  );
  const [update] = simulation.of("updateVolume");
  assert.equal(update?.volume.spec.claimRef?.name, "data");
  assert.equal(simulation.scheduler.bindingCount, 1);
  assert.equal(simulation.scheduler.nextTickMs(simulation.nowMs), 5000 + TIMEOUT_MS);
});

test("Bindings asks for the binding, once the claims are bound", () => {
  const simulation = waitingForVolume();
  simulation.tickAt(6000);
  assert.deepEqual(simulation.placements(), {}, "the claim is not bound yet");
  simulation.set(boundClaim("data", "disk"));
  simulation.tickAt(7000);
  assert.deepEqual(simulation.placements(), { p: "n" });
  assert.equal(simulation.scheduler.bindingCount, 0);
});

test("Bindings gives up and the Pod is tried again, when its volumes are not bound after 600 s", () => {
  const simulation = waitingForVolume();
  simulation.tickAt(5000 + TIMEOUT_MS - 1);
  assert.equal(simulation.scheduler.bindingCount, 1);
  simulation.tickNext();
  assert.equal(simulation.nowMs, 5000 + TIMEOUT_MS);
  assert.equal(simulation.scheduler.bindingCount, 0);
  assert.equal(simulation.scheduler.cache.podCount, 0);
  assert.match(simulation.events().at(-1) ?? "", /binding volumes: context deadline exceeded$/);
  simulation.tickNext();
  assert.equal(simulation.run()[0]?.result, "scheduled");
});

test("Bindings ends without a binding, when the Pod is deleted while it waits", () => {
  const simulation = waitingForVolume();
  simulation.deletePod("p");
  simulation.tickAt(5000 + TIMEOUT_MS);
  assert.equal(simulation.scheduler.bindingCount, 0);
  assert.deepEqual(simulation.of("bind"), []);
  assert.deepEqual(simulation.scheduler.queueCounts(), { active: 0, backoff: 0, unschedulable: 0, gated: 0 });
  assert.equal(simulation.scheduler.nextTickMs(simulation.nowMs), null);
});

test("Bindings stops without deleting the Pod, when a more important Pod preempts it while it waits", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n", { cpu: "1" }));
  simulation.set(storageClass("wait"), volume("disk"), claim("data"));
  simulation.setPods(aPod("p", { cpu: "1" }, using("data")));
  simulation.run();
  simulation.setPods(aPod("high", { cpu: "1" }, { priority: 9 }));
  simulation.run();
  assert.deepEqual(simulation.placements(), { high: "n" });
  assert.deepEqual(simulation.of("deletePod"), []);
  assert.ok(simulation.events().includes("Warning FailedScheduling p: binding volumes: context canceled"));
  assert.equal(simulation.scheduler.bindingCount, 0);
  assert.equal(simulation.scheduler.queueCounts().backoff, 1);
});

test("Bindings leaves the binding to an extender, when one binds Pods like this", () => {
  const extender = {
    urlPrefix: "http://binder",
    filterVerb: null,
    preemptVerb: null,
    prioritizeVerb: null,
    weight: 0,
    bindVerb: "bind",
    enableHTTPS: false,
    tlsConfig: null,
    httpTimeoutNs: 0 as never,
    nodeCacheCapable: false,
    managedResources: [{ name: "example.com/gpu", ignoredByScheduler: false }],
    ignorable: false,
  };
  const simulation = new Simulation({ configuration: { extenders: [extender] } });
  simulation.setNodes(aNode("n", { "example.com/gpu": "1" }));
  simulation.setPods(aPod("plain"), aPod("gpu", { "example.com/gpu": "1" }));
  simulation.run();
  assert.deepEqual(
    simulation.of("bind").map(({ name, extender: by }) => [name, by]),
    [
      ["plain", undefined],
      ["gpu", "http://binder"],
    ],
  );
});
