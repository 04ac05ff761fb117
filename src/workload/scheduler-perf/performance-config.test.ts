import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import { TemplateStore } from "./object-template.js";
import { readPerformanceConfig } from "./performance-config.js";
import { resolveWorkload } from "./resolve-workload.js";
import { selectWorkloads } from "./select-workloads.js";
import { thresholdOf, type ResolvedWorkload, type TestCase } from "./test-case.js";
import { unsupportedIn } from "./unsupported.js";

const CONFIG = `
- name: Basic
  labels: [nightly]
  featureGates: { A: true, B: true }
  defaultPodTemplatePath: ../templates/pod.yaml
  workloadTemplate:
  - opcode: createNodes
    CountParam: $initNodes
    labelNodePrepareStrategy: { labelKey: zone, labelValues: [a, b] }
  - opcode: createPodSets
    countParam: $sets
    namespacePrefix: init
    createPodsOp: { opcode: createPods, count: 3, podTemplatePath: own.yaml }
  - opcode: createPods
    countParam: $measurePods
    countMultiplierParam: $times
    steadyStateParam: $steady
    durationParam: $duration
    templateParams: { name: $label, size: "$size|7", plain: 2 }
    collectMetrics: true
  workloads:
  - name: Small
    labels: [performance, short]
    featureGates: { B: false }
    threshold: { fast: 9 }
    params: { initNodes: 2, sets: 2, measurePods: 5, times: 3, steady: true, duration: 1m30s, label: x }
  - name: Large/Deep
    threshold: 12.5
    thresholdMetricSelector: { name: other, dataBucket: Perc99, expectLower: true }
    params: { initNodes: 2, sets: 0, measurePods: 5, times: 1, steady: false, duration: 1s, label: x, size: 8 }
- name: Other
  workloadTemplate:
  - { opcode: createResourceDriver, driverName: d, maxClaimsPerNodeParam: $claims, nodes: "*" }
  - { opcode: createPods, count: 1, collectMetrics: true }
  workloads: [{ name: Small, params: { claims: 3 } }]
`;

function read(text: string): readonly TestCase[] {
  return readPerformanceConfig({ file: "config.yaml", text, folder: "/perf/misc" });
}

function resolve(name: string): ResolvedWorkload {
  const [selected] = selectWorkloads(read(CONFIG), { name, labels: "" });
  assert.ok(selected !== undefined);
  return resolveWorkload(selected.testCase, selected.workload);
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof PlumbError, String(error));
    return error.message;
  }
  return "no error";
}

test("resolveWorkload fills in parameters, when operations name them", () => {
  const { ops } = resolve("Basic/Small");
  const nodes = ops[0];
  assert.ok(nodes?.opcode === "createNodes");
  assert.equal(nodes.count, 2);
  assert.deepEqual(nodes.labelNodePrepareStrategy, { labelKey: "zone", labelValues: ["a", "b"] });
  assert.deepEqual(nodes.at, { file: "config.yaml", line: 7, column: 5 });
  const pods = ops.at(-1);
  assert.ok(pods?.opcode === "createPods");
  assert.equal(pods.count, 15);
  assert.equal(pods.steadyState, true);
  assert.equal(pods.durationMs, 90_000);
  assert.deepEqual(pods.templateParams, { name: "x", size: 7, plain: 2 });
  assert.equal(pods.podTemplatePath, "/perf/templates/pod.yaml");
});

test("resolveWorkload writes out createPodSets, when counting operations for namespaces", () => {
  const ops = resolve("Basic/Small").ops;
  assert.deepEqual(
    ops.map((op) => (op.opcode === "createPods" ? op.namespace : op.opcode)),
    ["createNodes", "init-0", "init-1", "namespace-3"],
  );
  const set = ops[1];
  assert.ok(set?.opcode === "createPods");
  assert.equal(set.podTemplatePath, "/perf/misc/own.yaml");
});

test("resolveWorkload lays a workload over its case, when both set gates, labels and thresholds", () => {
  const small = resolve("Basic/Small");
  assert.deepEqual(small.featureGates, { A: true, B: false });
  assert.deepEqual(small.labels, ["nightly", "performance", "short"]);
  assert.equal(thresholdOf(small.threshold, "fast"), 9);
  assert.equal(thresholdOf(small.threshold), 0);
  assert.equal(small.thresholdMetricSelector.name, "SchedulingThroughput");
  const large = resolve("Basic/Large/Deep");
  assert.equal(thresholdOf(large.threshold, "fast"), 12.5);
  assert.equal(large.thresholdMetricSelector.expectLower, true);
});

test("resolveWorkload keeps opcode and reason, when an operation needs resource claims", () => {
  const [op] = resolve("Other").ops;
  assert.ok(op?.opcode === "unsupported");
  assert.equal(op.written, "createResourceDriver");
  assert.match(op.reason, /dynamic resource allocation/);
});

test("selectWorkloads matches case, full name and pattern, and filters by labels", () => {
  const names = (name: string, labels = "") =>
    selectWorkloads(read(CONFIG), { name, labels }).map(
      ({ testCase, workload }) => `${testCase.name}/${workload.name}`,
    );
  assert.deepEqual(names("Basic"), ["Basic/Small", "Basic/Large/Deep"]);
  assert.deepEqual(names("Basic/Large/Deep"), ["Basic/Large/Deep"]);
  assert.deepEqual(names("*/Small"), ["Basic/Small", "Other/Small"]);
  assert.deepEqual(names("*", "performance,+nightly"), ["Basic/Small"]);
  assert.deepEqual(names("*", "performance,-short"), []);
  assert.match(
    messageOf(() => names("Basc")),
    /no test case or workload has this name \(did you mean "Basic"\?\)/,
  );
});

test("readPerformanceConfig reports every mistake with its place, when keys and values are wrong", () => {
  const message = messageOf(() =>
    read(`
- name: Basic
  workloadTemplate:
  - { opcode: createNode, count: 1 }
  - { opcode: createPods, count: many, collectMetrics: true, skipWaitToCompletion: true }
  - { opcode: sleep, durationParam: pause }
  - { opcode: churn, mode: recreate, templatePaths: [a.yaml] }
  workloads: [{ name: Small }]
`),
  );
  assert.match(message, /config\.yaml:4:15 .*expected one of .*did you mean "createNodes"/);
  assert.match(message, /config\.yaml:5:34 .*count: expected a whole number/);
  assert.match(message, /config\.yaml:6:37 .*expected the name of a parameter, such as \$initNodes/);
  assert.match(message, /config\.yaml:7:5 .*mode recreate without a number above 0/);
});

test("readPerformanceConfig refuses unknown keys, names that stand twice, and cases that measure nothing", () => {
  const config = (extra: string, workloads: string) => `
- name: Basic
  ${extra}
  workloadTemplate: [{ opcode: createPods, count: 1 }]
  workloads: ${workloads}
`;
  assert.match(
    messageOf(() => read(config("lables: [x]", "[{ name: A }]"))),
    /3:3 \[0\]\.lables: unknown field \(did you mean "labels"\?\)/,
  );
  assert.match(
    messageOf(() => read(config("labels: [x]", "[{ name: A }, { name: A }]"))),
    /'A' stands twice/,
  );
  assert.match(
    messageOf(() => read(config("labels: [x]", "[{ name: A }]"))),
    /2:3 Basic: no operation collects metrics/,
  );
});

test("resolveWorkload refuses parameters, when one is missing or none asks for it", () => {
  const [testCase] = read(`
- name: Basic
  workloadTemplate: [{ opcode: createPods, countParam: $pods, collectMetrics: true }]
  workloads: [{ name: A, params: { pod: 1 } }]
`);
  assert.ok(testCase?.workloads[0] !== undefined);
  const [workload] = testCase.workloads;
  const message = messageOf(() => resolveWorkload(testCase, workload));
  assert.match(message, /3:56 Basic\/A: .*no parameter 'pods' \(did you mean "pod"\?\)/);
  assert.match(message, /4:36 Basic\/A: params\.pod: no operation of the workloadTemplate uses/);
});

test("unsupportedIn names objects that need more than we do, when templates make them", () => {
  const files: Readonly<Record<string, string>> = {
    "/perf/slice": "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\n",
    "/perf/class": "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n",
    "/perf/pod": "apiVersion: v1\nkind: Pod\nspec: { resourceClaims: [{ name: a }] }\n",
  };
  const [testCase] = readPerformanceConfig({
    file: "config.yaml",
    folder: "/perf",
    text: `
- name: Claims
  workloadTemplate:
  - { opcode: createAny, templatePath: slice }
  - { opcode: createAny, templatePath: class }
  - { opcode: createPods, count: 1, podTemplatePath: pod, collectMetrics: true }
  workloads: [{ name: A }]
`,
  });
  assert.ok(testCase?.workloads[0] !== undefined);
  const workload = resolveWorkload(testCase, testCase.workloads[0]);
  const templates = new TemplateStore((path) => files[path] as string);
  assert.deepEqual(
    unsupportedIn(workload, templates).map(({ at, what, reason }) => `${at.line}: ${what} ${reason}`),
    [
      "4: ResourceSlice needs dynamic resource allocation",
      "6: Pod with resourceClaims needs dynamic resource allocation",
    ],
  );
});
