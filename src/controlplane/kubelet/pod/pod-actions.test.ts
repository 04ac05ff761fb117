import assert from "node:assert/strict";
import test from "node:test";
import type { RuntimeContainer } from "../runtime/runtime-service.js";
import type { PodSpec } from "./pod.js";
import { podActions, type PodView } from "./pod-actions.js";
import { exited, record, sampleContainer } from "./sample-pods.test-data.js";

const web = sampleContainer("web");
const first = sampleContainer("first");
const second = sampleContainer("second");
const sidecar = sampleContainer("sidecar", { restartPolicy: "Always" });

function decide(
  spec: Partial<PodSpec>,
  records: readonly RuntimeContainer[],
  more: Partial<PodView> = {},
): string {
  const actions = podActions({
    spec: { containers: [web], restartPolicy: "Always", ...spec },
    containers: new Map(records.map((each) => [each.name, each])),
    hasSandbox: true,
    sandboxAttempts: 1,
    failedProbe: () => null,
    hasStarted: () => true,
    ...more,
  });
  return [
    ...(actions.createSandbox ? ["sandbox"] : []),
    ...(actions.killPod ? ["kill pod"] : []),
    ...actions.stop.map(({ name, cause }) => `stop ${name} (${cause})`),
    ...actions.start.map(({ name }) => `start ${name}`),
  ].join(", ");
}

test("podActions makes a sandbox first, then init containers in order, then the others", () => {
  const spec = { initContainers: [first, second] };
  assert.equal(decide(spec, [], { hasSandbox: false, sandboxAttempts: 0 }), "sandbox, start first");
  assert.equal(decide(spec, [record("first")]), "");
  assert.equal(decide(spec, [exited("first", 0)]), "start second");
  assert.equal(decide(spec, [exited("first", 0), exited("second", 0)]), "start web");
  assert.equal(decide(spec, [exited("first", 0), exited("second", 0), record("web")]), "");
});

test("podActions starts a failed init container again, or ends the Pod when it must not restart", () => {
  const spec = { initContainers: [first] };
  assert.equal(decide(spec, [exited("first", 1)]), "start first");
  assert.equal(decide({ ...spec, restartPolicy: "Never" }, [exited("first", 1)]), "kill pod");
});

test("podActions waits for a sidecar to start, keeps it running, and restarts it", () => {
  const spec = { initContainers: [sidecar, second] };
  assert.equal(decide(spec, []), "start sidecar");
  assert.equal(decide(spec, [record("sidecar")], { hasStarted: () => false }), "");
  assert.equal(decide(spec, [record("sidecar")]), "start second");
  assert.equal(decide(spec, [exited("sidecar", 1), record("second")]), "start sidecar");
  assert.equal(decide(spec, [exited("sidecar", 1), exited("second", 0), record("web")]), "start sidecar");
});

test("podActions follows the restart policy of containers that ended", () => {
  for (const [restartPolicy, exitCode, wanted] of [
    ["Always", 0, "start web"],
    ["OnFailure", 1, "start web"],
    ["OnFailure", 0, "kill pod"],
    ["Never", 1, "kill pod"],
  ] as const)
    assert.equal(
      decide({ restartPolicy }, [exited("web", exitCode)]),
      wanted,
      `${restartPolicy} ${exitCode}`,
    );
});

test("podActions ends a Pod whose sidecar alone still runs", () => {
  const spec = { restartPolicy: "Never", initContainers: [sidecar] };
  assert.equal(decide(spec, [record("sidecar"), exited("web", 0)]), "kill pod");
});

test("podActions stops what a probe has given up, and starts it again unless it must not", () => {
  const failedProbe = () => "liveness" as const;
  assert.equal(decide({}, [record("web")], { failedProbe }), "stop web (liveness), start web");
  assert.equal(
    decide({ restartPolicy: "Never", containers: [web, first] }, [record("web"), record("first")], {
      failedProbe: (name) => (name === "web" ? "startup" : null),
    }),
    "stop web (startup)",
  );
});

test("podActions does not make another sandbox for a Pod that never restarts and has run", () => {
  assert.equal(decide({ restartPolicy: "Never" }, [exited("web", 0)], { hasSandbox: false }), "kill pod");
});
