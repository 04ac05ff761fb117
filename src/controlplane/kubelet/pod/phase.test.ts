import assert from "node:assert/strict";
import test from "node:test";
import { podPhase } from "./phase.js";
import { sampleContainer, status } from "./sample-pods.test-data.js";

const init = sampleContainer("init");
const sidecar = sampleContainer("sidecar", { restartPolicy: "Always" });
const web = sampleContainer("web");
const log = sampleContainer("log");

const CASES = [
  // policy, init containers, states by name, terminating, phase
  ["Always", [], {}, false, "Pending"],
  ["Always", [], { web: "waiting", log: "running" }, false, "Pending"],
  ["Always", [], { web: "running", log: "running" }, false, "Running"],
  ["Always", [], { web: "running", log: "exit 0" }, false, "Running"],
  ["Always", [], { web: "exit 0", log: "exit 0" }, false, "Running"],
  ["Always", [], { web: "exit 0", log: "exit 0" }, true, "Succeeded"],
  ["Always", [], { web: "exit 0", log: "exit 1" }, true, "Failed"],
  ["Always", [], { web: "back off after exit 1", log: "running" }, false, "Running"],
  ["OnFailure", [], { web: "exit 0", log: "exit 0" }, false, "Succeeded"],
  ["OnFailure", [], { web: "exit 1", log: "exit 0" }, false, "Running"],
  ["Never", [], { web: "exit 1", log: "exit 0" }, false, "Failed"],
  ["Never", [], { web: "exit 0", log: "exit 0" }, false, "Succeeded"],
  ["Never", [], { web: "exit 1", log: "running" }, false, "Running"],
  ["Always", [init], { init: "running", web: "waiting", log: "waiting" }, false, "Pending"],
  ["Always", [init], { init: "exit 0", web: "running", log: "running" }, false, "Running"],
  ["Never", [init], { init: "exit 3", web: "waiting", log: "waiting" }, false, "Failed"],
  ["Always", [init], { init: "back off after exit 3", web: "waiting", log: "waiting" }, false, "Pending"],
  ["Always", [sidecar], { sidecar: "starting", web: "waiting", log: "waiting" }, false, "Pending"],
  ["Never", [sidecar], { sidecar: "running", web: "exit 0", log: "exit 0" }, false, "Running"],
  ["Never", [sidecar], { sidecar: "exit 137", web: "exit 0", log: "exit 0" }, false, "Succeeded"],
] as const;

for (const [restartPolicy, initContainers, states, isTerminating, phase] of CASES) {
  const name = `${restartPolicy} ${JSON.stringify(states)}${isTerminating ? " terminating" : ""}`;
  test(`podPhase is ${phase} for ${name}`, () => {
    const spec = { restartPolicy, initContainers: [...initContainers], containers: [web, log] };
    const statuses = Object.entries(states).map(([container, what]) => status(container, what));
    assert.equal(podPhase(spec, statuses, isTerminating), phase);
  });
}
