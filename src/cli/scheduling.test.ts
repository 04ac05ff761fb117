// What `plumb run` and `plumb lint` promise about scheduler workloads.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { plumb } from "./plumb.test-data.js";

const UPSTREAM_FORMAT = `# Not written for this program.
- name: Dynamic
  workloadTemplate:
  - { opcode: createNodes, countParam: $initNodes }
  - { opcode: createResourceDriver, driverName: driver, nodes: node-*, maxClaimsPerNodeParam: $claims }
  - { opcode: createPods, countParam: $measurePods, collectMetrics: true }
  workloads:
  - { name: fast, params: { initNodes: 5, claims: 1, measurePods: 5 } }
- name: Plain
  workloadTemplate:
  - { opcode: createNodes, countParam: $initNodes }
  - { opcode: createPods, countParam: $measurePods, collectMetrics: true }
  workloads:
  - { name: fast, labels: [short], threshold: 1, params: { initNodes: 200, measurePods: 20 } }
`;

let folder = "";
let workloads = "";
let all = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-workloads-"));
  workloads = join(folder, "performance-config.yaml");
  writeFileSync(workloads, UPSTREAM_FORMAT);
  all = join(folder, "all-nodes.yaml");
  writeFileSync(
    all,
    "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\npercentageOfNodesToScore: 100\n",
  );
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly cases: readonly { readonly id: string; readonly status: string; readonly reason: string | null }[];
  readonly thresholds: readonly { readonly metric: string; readonly ok: boolean }[];
}

test("run takes a file in upstream's format as it is, and names the operation that it cannot carry out", () => {
  const output = join(folder, "upstream");
  const { code, stdout } = plumb(["run", workloads, "--samples", "1", "--json", "-o", output]);
  assert.equal(code, 0);
  const { cases } = JSON.parse(stdout) as Result;
  assert.deepEqual(
    cases.map(({ id, status }) => [id, status]),
    [
      ["workload=Dynamic/fast nodes=5", "unsupported"],
      ["workload=Plain/fast nodes=200", "ok"],
    ],
  );
  assert.match(cases[0]?.reason ?? "", /performance-config\.yaml:5:5: createResourceDriver/);
  const perfDash = readdirSync(output).find((name) => /^BenchmarkPerfScheduling_.*Z\.json$/.test(name));
  assert.match(readFileSync(join(output, perfDash ?? ""), "utf8"), /"Name": "Plain\/fast"/);
});

test("run --through api puts a control plane in between, and says so", () => {
  const output = join(folder, "api");
  const { code, stdout } = plumb(["run", workloads, "--through", "api", "--samples", "1", "-o", output]);
  assert.equal(code, 0);
  assert.match(stdout, /schedules [\d,]+ Pods a second [^.]*\(measured\s+through\s+an\s+API/);
  assert.match(stdout, /^Plain\/fast +200 +through=api +\d/m);
  const reason =
    /Cannot\s+run\s+the\s+workload:\s+performance-config\.yaml:5:5:\s+createResourceDriver\s+needs/;
  assert.match(stdout, reason);
  const { cases } = JSON.parse(readFileSync(join(output, "result.json"), "utf8")) as Result;
  assert.match(cases[1]?.id ?? "", /through=api$/);
  assert.match(readFileSync(join(output, "report.html"), "utf8"), /goes through a whole control plane/);
});

test("run with two scheduler configurations prints what compare says of them; --gate holds floors", () => {
  const args = ["--scheduler-config", "default", "--scheduler-config", all, "--samples", "1", "--gate"];
  const output = join(folder, "ab");
  const { code, stdout } = plumb(["run", `${workloads}:Plain`, ...args, "-o", output]);
  assert.equal(code, 0);
  assert.match(stdout, /config=all-nodes against config=default/);
  assert.match(stdout, /sched\.nodes_evaluated_per_pod \[counted\] +regressed .*100 .*200|100 -> 200/);
  const { thresholds } = JSON.parse(readFileSync(join(output, "result.json"), "utf8")) as Result;
  assert.deepEqual(
    thresholds.map(({ metric, ok }) => [metric, ok]),
    [
      ["sched.pods_per_second", true],
      ["sched.pods_per_second", true],
    ],
  );
  const again = plumb(["compare", output, output]);
  assert.equal(again.code, 0);
  assert.match(again.stdout, /workload=Plain\/fast nodes=200 config=all-nodes/);
});

test("run paces Pods with --load, and refuses what it does not understand with exit code 2", () => {
  const only = `${workloads}:Plain/fast`;
  const { stdout } = plumb(["run", only, "--load", "fixed 1k/s", "--dry-run"]);
  assert.match(stdout, /"load": \{\s+"model": "fixed",\s+"ratePerSecond": 1000/);
  assert.equal(plumb(["run", only, "--load", "soon"]).code, 2);
  assert.equal(plumb(["run", `${workloads}:Nothing`]).code, 2);
  assert.equal(plumb(["run", only, "--scheduler-config", join(folder, "gone.yaml")]).code, 2);
  assert.equal(plumb(["run", only, "--labels", "long"]).code, 2);
  assert.equal(plumb(["run", "quick", "--labels", "short"]).code, 2);
  assert.match(plumb(["run", "cliff", "--load", "fixed 5/s"]).stderr, /it schedules nothing/);
  assert.match(plumb(["run", "cliff", "--through", "api"]).stderr, /it schedules nothing\n/);
  assert.match(plumb(["run", only, "--through", "apis"]).stderr, /Allowed choices are in-process, api/);
});

test("lint reads workloads and scheduler configurations: what cannot be run is a warning, a mistake has its place", () => {
  const { code, stdout, stderr } = plumb(["lint", workloads, all]);
  assert.equal(code, 0);
  assert.match(stdout, /performance-config\.yaml: 2 test cases, 2 workloads/);
  assert.match(stdout, /all-nodes\.yaml: scheduler configuration, profiles default-scheduler/);
  assert.match(stderr, /Dynamic\/fast cannot be run: createResourceDriver/);
  const wrong = join(folder, "wrong.yaml");
  writeFileSync(wrong, UPSTREAM_FORMAT.replace("countParam: $initNodes", "cuntParam: $initNodes"));
  const mistake = plumb(["lint", wrong]);
  assert.equal(mistake.code, 2);
  assert.match(mistake.stderr, /wrong\.yaml:4:\d+ .*cuntParam: unknown field/);
});
