import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseScenario, scenarioDigest, type ScenarioOptions } from "../scenario.js";
import type { Scenario, SchedulingCase } from "../scenario-types.js";
import { withFloors } from "./floors.js";
import { inputFilesOf } from "./input-files.js";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-scheduling-"));
  const config = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
  for (const name of ["a.yaml", "b.yaml"]) writeFileSync(join(folder, name), config);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function scenarioOf(scheduling: string, options: Partial<ScenarioOptions> = {}): Scenario {
  const text = `apiVersion: plumbline/v1
kind: Scenario
metadata: { name: s, purpose: How fast? }
spec:
  scheduling: ${scheduling}
`;
  return parseScenario({ file: join(folder, "s.yaml"), text }, { resolvePreset: () => null, ...options });
}

function casesOf(scheduling: string, options: Partial<ScenarioOptions> = {}): readonly SchedulingCase[] {
  return scenarioOf(scheduling, options).cases.filter((one) => one.kind === "scheduling");
}

const BASIC = "[{ case: SchedulingBasic, workload: 5000Nodes_10000Pods }]";

test("parseScenario finds a workload in the configurations that ship, with its nodes and its floor", () => {
  const [found] = casesOf(BASIC);
  assert.equal(found?.id, "workload=SchedulingBasic/5000Nodes_10000Pods nodes=5000");
  assert.equal(found.floor?.value, 680);
  assert.equal(found.floor.metric, "SchedulingThroughput Average");
  assert.match(found.floor.source, /^bench\/scheduler_perf\/misc\/performance-config\.yaml:\d+$/);
  assert.ok(found.spec.source.kind === "workload");
  assert.equal(found.spec.source.workload, "5000Nodes_10000Pods");
});

test("a list among params makes a case of each value, and node counts are told by the label nodes alone", () => {
  const sized = (params: string) =>
    casesOf(`[{ case: SchedulingBasic, workload: 500Nodes, name: own, params: ${params} }]`);
  assert.deepEqual(
    sized("{ initNodes: [100, 1000], measurePods: [5, 6] }").map(({ id }) => id),
    [
      "workload=SchedulingBasic/own nodes=100 measurePods=5",
      "workload=SchedulingBasic/own nodes=100 measurePods=6",
      "workload=SchedulingBasic/own nodes=1000 measurePods=5",
      "workload=SchedulingBasic/own nodes=1000 measurePods=6",
    ],
  );
  const [one] = sized("{ initNodes: 7 }");
  assert.deepEqual(one?.spec.source.kind === "workload" ? one.spec.source.workload : null, {
    params: { initNodes: 7, initPods: 500, measurePods: 1000 },
  });
});

test("through is a label where it is the API, from the entry or the command line; a trace cannot go there", () => {
  const asked = { schedulerConfigs: [], load: null } as const;
  const throughOf = (entry: string, through: "api" | "in-process" | null) =>
    casesOf(`[{ case: SchedulingBasic, workload: 5Nodes${entry} }]`, {
      scheduling: { ...asked, through },
    }).map(({ labels, spec }) => [labels["through"], spec.through]);
  assert.deepEqual(throughOf("", null), [[undefined, "in-process"]]);
  assert.deepEqual(throughOf(", through: api", null), [["api", "api"]]);
  assert.deepEqual(throughOf("", "api"), [["api", "api"]]);
  assert.deepEqual(throughOf(", through: api", "in-process"), [[undefined, "in-process"]]);
  const trace = "[{ trace: { format: csv, nodes: a.yaml, pods: a.yaml }, through: api }]";
  assert.throws(
    () => casesOf(trace),
    /s\.yaml:\d+:\d+ spec\.scheduling\[0\]: a trace is replayed in process only/,
  );
  assert.throws(
    () => casesOf("[{ case: SchedulingBasic, workload: 5Nodes, through: apis }]"),
    /through: .*api/,
  );
});

test("several scheduler configurations make cases that differ in the label config; a load is a label too", () => {
  const written = `[{ case: SchedulingBasic, workload: 500Nodes, schedulerConfig: [default, a.yaml],
    load: { model: waves, size: 10, every: 2s } }]`;
  const found = casesOf(written);
  assert.deepEqual(
    found.map(({ labels, spec }) => [labels["config"], labels["load"], spec.schedulerConfigPath]),
    [
      ["default", "waves 10 per 2000 ms", null],
      ["a", "waves 10 per 2000 ms", join(folder, "a.yaml")],
    ],
  );
  const overridden = casesOf(written, {
    scheduling: {
      schedulerConfigs: [join(folder, "b.yaml")],
      load: { model: "poisson", ratePerSecond: 500 },
      through: null,
    },
  });
  assert.deepEqual(
    overridden.map(({ labels, spec }) => [labels["config"], labels["load"], spec.schedulerConfigPath]),
    [[undefined, "poisson 500/s", join(folder, "b.yaml")]],
  );
});

test("a trace's paths are relative to the file and its times are milliseconds", () => {
  for (const name of ["n.csv", "p.csv"]) writeFileSync(join(folder, name), "name\n");
  const [found] = casesOf(
    "[{ trace: { format: csv, nodes: n.csv, pods: p.csv, from: 2m, to: 1h, tile: 3 } }]",
  );
  assert.equal(found?.id, "workload=trace/p");
  assert.deepEqual(found.spec.source, {
    kind: "trace",
    format: "csv",
    nodesPath: join(folder, "n.csv"),
    podsPath: join(folder, "p.csv"),
    speedUp: 1,
    lifetimeStretch: 1,
    tileCount: 3,
    podsMax: null,
    fromMs: 120_000,
    toMs: 3_600_000,
  });
});

test("parseScenario names what is wrong with an entry, and where", () => {
  const mistakes: readonly (readonly [string, RegExp])[] = [
    [
      "[{ case: SchedulingBasix, workload: x }]",
      /s\.yaml:5:16 .*no case "SchedulingBasix" \(did you mean "SchedulingBasic"\?\)/,
    ],
    [
      "[{ case: SchedulingBasic, workload: 6Nodes }]",
      /the case has no workload "6Nodes" \(did you mean "5Nodes"\?\)/,
    ],
    ["[{ case: SchedulingBasic }]", /expected a workload of the case, or params/],
    ["[{ workload: x }]", /expected either case or trace/],
    [`[{ trace: { format: csv, nodes: n, pods: p }, load: { model: closed } }]`, /load belongs to a case/],
    [
      "[{ case: SchedulingBasic, workload: 5Nodes, schedulerConfig: gone.yaml }]",
      /there is no file '.*gone\.yaml'/,
    ],
    ["[{ case: SchedulingBasic, params: { initNodes: 5 } }]", /has no parameter 'initPods'/],
    [
      "[{ case: SchedulingBasic, workload: 5Nodes }, { case: SchedulingBasic, workload: 5Nodes }]",
      /s\.yaml:5:\d+ spec\.scheduling\[1\]: the case workload=SchedulingBasic\/5Nodes nodes=5 is there twice/,
    ],
  ];
  for (const [written, message] of mistakes) assert.throws(() => scenarioOf(written), { message }, written);
});

test("a scenario may hold packets and scheduling; thresholds may speak of either", () => {
  const text = `apiVersion: plumbline/v1
kind: Scenario
metadata: { name: both, purpose: How fast? }
spec:
  params: { pods: { type: int, default: 20 } }
  matrix: { axes: { mode: [ipvs] } }
  cluster: { services: { count: 10 } }
  phases: [{ kind: program }]
  scheduling: [{ case: SchedulingBasic, params: { initNodes: 5, initPods: 1, measurePods: "\${pods}" } }]
  thresholds:
    - { metric: sched.pods_per_second, where: { nodes: 5 }, must: ">= 1/s", because: a test }
    - { metric: state.rules, where: { mode: ipvs }, must: "<= 10000", because: a test }
`;
  const both = parseScenario(
    { file: "both.yaml", text },
    { resolvePreset: () => null, set: [["pods", "30"]] },
  );
  assert.deepEqual(
    both.cases.map(({ kind, id }) => [kind, id]),
    [
      ["packets", "mode=ipvs"],
      ["scheduling", "workload=SchedulingBasic nodes=5"],
    ],
  );
  assert.equal(both.thresholds.length, 2);
});

test("withFloors holds each workload that has a floor to it", () => {
  const gated = withFloors(
    scenarioOf(
      "[{ case: SchedulingBasic, workload: 5000Nodes_10000Pods }, { case: SchedulingBasic, workload: 5Nodes }]",
    ),
  );
  assert.deepEqual(
    gated.thresholds.map(({ metric, must, where }) => [metric, must, where["workload"]]),
    [["sched.pods_per_second", ">= 680/s", "SchedulingBasic/5000Nodes_10000Pods"]],
  );
});

test("scenarioDigest hangs on the content of a workload's files, not on where they lie", () => {
  const config = (path: string) =>
    scenarioOf(`[{ case: SchedulingBasic, workload: 5Nodes, schedulerConfig: ${path} }]`);
  const digest = (scenario: Scenario, content: string) => {
    const paths = scenario.cases.flatMap((one) => (one.kind === "scheduling" ? inputFilesOf(one.spec) : []));
    return scenarioDigest(
      scenario,
      new Map(
        paths.map((path) => [path, path.endsWith("b.yaml") || path.endsWith("a.yaml") ? content : "same"]),
      ),
    );
  };
  assert.equal(digest(config("a.yaml"), "x"), digest(config("b.yaml"), "x"));
  assert.notEqual(digest(config("a.yaml"), "x"), digest(config("a.yaml"), "y"));
});
