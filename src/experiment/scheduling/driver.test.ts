import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolumeClaim, StorageClass } from "../../api/scheduling.js";
import type { Pod } from "../../api/types.js";
import type { ExtenderRequest } from "../../scheduler/extender/extender.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import { parseSchedulerConfiguration } from "../../scheduler/config/parse-configuration.js";
import { DEFAULT_FEATURES } from "../../scheduler/scheduler.js";
import { PodTally, ALL_PODS } from "./pod-scope.js";
import type { Simulation } from "./simulation.js";
import { newTestSimulation, node, ONE_MINUTE, placements, pod } from "./simulation.test-data.js";

async function schedule(simulation: Simulation, ...pods: Pod[]): Promise<void> {
  for (const each of pods) simulation.api.create(each);
  const tally = new PodTally(simulation.api, ALL_PODS);
  await simulation.driver.runUntil(() => tally.waiting === 0, ONE_MINUTE);
  tally.close();
  simulation.driver.bringUpToDate(simulation.timeline.now());
}

test("Driver places Pods and leaves nothing behind", async () => {
  const simulation = newTestSimulation();
  simulation.api.create(node("a"));
  await schedule(simulation, pod("x", "1"), pod("y", "1"));
  assert.deepEqual(placements(simulation), { x: "a", y: "a" });
  const { scheduler, api } = simulation;
  assert.equal(scheduler.cache.assumedCount, 0);
  assert.equal(scheduler.inFlightEvents, 0);
  assert.equal(api.eventCounts.get("Scheduled"), 2);
});

test("Driver retries after 1, 2, 4, ... seconds while every event raises false hope", async () => {
  const features = { ...DEFAULT_FEATURES, popFromBackoff: false };
  const { api, agenda, driver, timeline } = newTestSimulation({ features });
  const attemptsS: number[] = [];
  driver.onAttempt = (_, { begunMs }) => attemptsS.push(Math.floor(begunMs / 1000));
  api.create(node("small", { cpu: "1" }));
  api.create(pod("large", "2"));
  let count = 0;
  // Large enough, but tainted.
  const spec = { taints: [{ key: "keep", effect: "NoSchedule" as const }] };
  agenda.every(timeline.now(), 100, () => {
    api.create(node(`tainted-${count++}`, { spec }));
    return true;
  });
  await driver.runUntil(() => timeline.now() > 40_000, ONE_MINUTE);
  // The time out is counted from the end of an attempt and looked at each whole second: 1, 2, 4, 8, 10 s and one more.
  assert.deepEqual(attemptsS, [0, 2, 5, 10, 19, 30]);
});

test("Driver preempts for a Pod of high priority, and deletes the victims", async () => {
  const simulation = newTestSimulation();
  simulation.api.create(node("a"));
  const low = ["l0", "l1", "l2", "l3"].map((name) => pod(name, "900m", { priority: 0 }));
  await schedule(simulation, ...low);
  await schedule(simulation, pod("high", "3", { priority: 10 }));
  assert.deepEqual(Object.keys(placements(simulation)).length, 2);
  assert.equal(placements(simulation)["high"], "a");
  assert.equal(simulation.api.eventCounts.get("Preempted"), 3);
});

test("Driver takes back a binding that the API refuses", async () => {
  const simulation = newTestSimulation();
  const { api, driver } = simulation;
  api.create(node("a", { cpu: "1" }));
  driver.onAttempt = ({ pod: { uid, pod: tried } }) => {
    if (tried.metadata.name === "x") api.deletePod(uid);
  };
  await schedule(simulation, pod("x", "1"), pod("y", "1"));
  assert.deepEqual(placements(simulation), { y: "a" });
});

test("Driver has a volume made for a claim that waits for its first consumer", async () => {
  const simulation = newTestSimulation();
  const { api } = simulation;
  api.create(node("a"));
  const storageClass: StorageClass = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "fast" },
    provisioner: "disk.example.com",
    volumeBindingMode: "WaitForFirstConsumer",
  };
  const claim: PersistentVolumeClaim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: "default" },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "fast",
      resources: { requests: { storage: "1Gi" } },
    },
  };
  api.create(storageClass);
  api.create(claim);
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
  await schedule(simulation, pod("x", "1", { volumes }));
  assert.deepEqual(placements(simulation), { x: "a" });
  const bound = api.get("PersistentVolumeClaim", "default/data") as PersistentVolumeClaim;
  assert.equal(bound.status?.phase, "Bound");
  assert.equal([...api.list("PersistentVolume")].length, 1);
});

test("Driver asks extenders to filter and to bind", async () => {
  const text = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
extenders:
- urlPrefix: http://extender.example.com
  filterVerb: filter
  bindVerb: bind
  nodeCacheCapable: true
`;
  const asked: string[] = [];
  const callExtender = async ({ verb }: ExtenderRequest) => {
    asked.push(verb);
    return {
      ok: true,
      value: verb === "filter" ? { NodeNames: ["b"], FailedNodes: { a: "full" } } : {},
    } as const;
  };
  const configuration = parseSchedulerConfiguration({ file: "scheduler.yaml", text });
  const simulation = newTestSimulation({ configuration, callExtender });
  for (const name of ["a", "b"]) simulation.api.create(node(name));
  await schedule(simulation, pod("x", "1"));
  assert.deepEqual(placements(simulation), { x: "b" });
  assert.deepEqual(asked, ["filter", "bind"]);
});

test("Driver gives up waiting with a message, and hears an interruption", async () => {
  const { driver, api } = newTestSimulation({ configuration: defaultConfiguration() });
  api.create(pod("x", "1"));
  const limit = { timeoutMs: 1000, waitingFor: () => "Pod x to be scheduled" };
  await assert.rejects(
    driver.runUntil(() => false, limit),
    /waited 1 s for Pod x to be scheduled/,
  );
  const signal = AbortSignal.abort(new Error("interrupted"));
  const aborted = newTestSimulation({ signal });
  await assert.rejects(
    aborted.driver.runUntil(() => false, ONE_MINUTE),
    /interrupted/,
  );
});
