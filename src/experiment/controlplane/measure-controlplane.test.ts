// The smallest size of each benchmark, in processes of their own as a run takes them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import { forkSample } from "../fork-sample.js";
import { parseScenario } from "../scenario.js";
import type { SampleResult } from "../sample-types.js";
import type { Scenario } from "../scenario-types.js";
import { controlPlaneMetrics } from "./controlplane-metrics.js";

function scenarioOf(controlplane: string): Scenario {
  const text = `
apiVersion: plumbline/v1
kind: Scenario
metadata: { name: t, purpose: Does every benchmark measure what it was asked for? }
spec:
  seed: 7
  controlplane:
${controlplane}
`;
  return parseScenario({ file: "t.yaml", text }, { resolvePreset: () => null, folder: "." });
}

async function sampleOf(entry: string): Promise<SampleResult> {
  const { cases, seed } = scenarioOf(`    - ${entry}`);
  const [only, ...others] = cases;
  assert.ok(only !== undefined && others.length === 0);
  const request = { case: only, seed, block: 0, warmup: 0, timedNs: 1e6 } as const;
  return forkSample(request, new AbortController().signal);
}

const SMALLEST = [
  "{ bench: api-load, via: http, pods: 40, watchers: 5, events: 4 }",
  "{ bench: api-load, via: in-process, pods: 40, watchers: 5, events: 4 }",
  "{ bench: pod-startup, nodes: 2, pods: 10 }",
  "{ bench: node-join, nodes: 3 }",
  "{ bench: programming-latency, mode: ipvs, services: 5, changes: 8, rate: 40/s, minSyncPeriod: 50ms }",
  "{ bench: rollout, mode: nftables, services: 2, replicas: 4, minSyncPeriod: 50ms }",
] as const;

for (const entry of SMALLEST) {
  test(`measureControlPlane does what it is asked and fills every metric: ${entry}`, async () => {
    const { cases } = scenarioOf(`    - ${entry}`);
    const { workload, values } = await sampleOf(entry);
    assert.ok(Object.keys(workload.requested).length > 0);
    assert.deepEqual(workload.applied, workload.requested);
    const [only] = cases;
    assert.ok(only?.kind === "controlplane");
    const filled = values.map(({ name }) => name);
    assert.deepEqual(filled.toSorted(), [...controlPlaneMetrics(only.spec.bench)].sort());
    for (const { name, value } of values) assert.ok(value > 0 || name.startsWith("programming."), name);
  });
}

test("readControlPlaneCases makes a case of each value of a list, labelled by it", () => {
  const { cases } = scenarioOf(
    "    - { bench: programming-latency, services: [1, 2], changes: 1, rate: 1/s }",
  );
  const ids = ["iptables", "ipvs", "nftables"].flatMap((mode) =>
    [1, 2].map((services) => `bench=programming-latency mode=${mode} services=${services}`),
  );
  assert.deepEqual(
    cases.map(({ id }) => id),
    ids,
  );
});

test("parseScenario names every mistake in controlplane at its line", () => {
  const written = `    - { bench: node-join, nodes: 0 }
    - { bench: node-joni, nodes: 1 }
    - { bench: rollout, replicas: 1, mode: ipvs, mod: 1 }
    - { bench: programming-latency, services: 1, changes: 1, rate: 5 }`;
  assert.throws(
    () => scenarioOf(written),
    (error) => {
      assert.ok(error instanceof PlumbError);
      assert.match(
        error.message,
        /t\.yaml:8:\d+ spec\.controlplane\[0\]\.nodes: expected a whole number 1\.\./,
      );
      assert.match(error.message, /t\.yaml:9:\d+ spec\.controlplane\[1\]\.bench: .*node-join/);
      assert.match(error.message, /t\.yaml:10:\d+ spec\.controlplane\[2\]\.mod: unknown field/);
      assert.match(error.message, /t\.yaml:11:\d+ spec\.controlplane\[3\]\.rate: expected a rate/);
      return true;
    },
  );
  const twice = "    - { bench: node-join, nodes: 1 }\n    - { bench: node-join, nodes: [1, 2] }";
  assert.throws(
    () => scenarioOf(twice),
    /t\.yaml:9:\d+ spec\.controlplane\[1\]: the case bench=node-join nodes=1 is there twice/,
  );
});
