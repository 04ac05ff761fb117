import assert from "node:assert/strict";
import test from "node:test";
import { PlumbError } from "../../base/errors.js";
import { Prng } from "../../base/prng.js";
import { sourcePath } from "../../base/source-path.js";
import type { SourceInput } from "../documents.js";
import { loadInputs } from "../inputs.js";
import { readTrace } from "./generic.js";
import type { Trace } from "./trace.js";

function read(nodes: string, pods: string): Trace {
  return readTrace(
    { nodes: { file: "nodes.csv", text: nodes }, pods: { file: "pods.csv", text: pods } },
    { podsPerNode: 110 },
  );
}

test("readTrace makes a node of every kind of column", () => {
  const { nodes } = read(
    [
      "name,cpu,memory,pods,label:pool,taint:dedicated,taint:flaky,resource:nvidia.com/gpu",
      "a,8,32Gi,30,gpu,team:x:NoSchedule,PreferNoSchedule,4",
      "b,1500m,2e9,,,,,",
    ].join("\n"),
    "name,arrival,cpu,memory\n",
  );
  assert.deepEqual(nodes[0], {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "a", labels: { "kubernetes.io/hostname": "a", pool: "gpu" } },
    spec: {
      taints: [
        { key: "dedicated", value: "team:x", effect: "NoSchedule" },
        { key: "flaky", effect: "PreferNoSchedule" },
      ],
    },
    status: {
      capacity: { cpu: "8", memory: "32Gi", pods: 30, "nvidia.com/gpu": "4" },
      allocatable: { cpu: "8", memory: "32Gi", pods: 30, "nvidia.com/gpu": "4" },
      conditions: [{ type: "Ready", status: "True" }],
    },
  });
  assert.deepEqual(nodes[1]?.status?.allocatable, { cpu: "1500m", memory: "2e9", pods: 110 });
  assert.deepEqual(nodes[1]?.spec, {});
});

test("readTrace makes a Pod of every kind of column", () => {
  const { pods } = read(
    "name,cpu,memory\n",
    [
      "arrival,name,cpu,memory,namespace,duration,priority,resource:x.org/fpga,nodeSelector:pool,toleration:t,toleration:u",
      "90,late,1,,ns,1.5h,-5,2,gpu,*,v",
      "-2m,early,,,,,,,,,",
    ].join("\n"),
  );
  const [early, late] = pods;
  assert.deepEqual(early?.pod.spec, {
    containers: [{ name: "task", resources: { requests: {}, limits: {} } }],
  });
  assert.deepEqual(
    [early?.arrivalMs, early?.lifetimeMs, early?.pod.metadata.namespace],
    [-120_000, null, "default"],
  );
  assert.deepEqual([late?.arrivalMs, late?.lifetimeMs], [90_000, 5_400_000]);
  assert.deepEqual(late?.pod.metadata, { name: "late", namespace: "ns" });
  assert.deepEqual(late?.pod.spec, {
    containers: [
      {
        name: "task",
        resources: { requests: { cpu: "1", "x.org/fpga": "2" }, limits: { "x.org/fpga": "2" } },
      },
    ],
    priority: -5,
    nodeSelector: { pool: "gpu" },
    tolerations: [
      { key: "t", operator: "Exists" },
      { key: "u", operator: "Equal", value: "v" },
    ],
  });
});

test("readTrace reports every mistake with its place and what was expected", () => {
  const problems = [
    'nodes.csv:1:17: column "pod" is unknown, expected one of name, cpu, memory, pods, label:KEY, taint:KEY, resource:KEY (did you mean "pods"?)',
    'pods.csv:1:1: column "memory" is missing, expected name, arrival, cpu, memory (is it the column called "memroy"?)',
    'pods.csv:1:18: column "memroy" is unknown, expected one of name, arrival, cpu, memory, namespace, duration, priority, resource:KEY, nodeSelector:KEY, toleration:KEY (did you mean "memory"?)',
    'nodes.csv:2:9: taint:x is "NoWay", expected an effect (NoSchedule, PreferNoSchedule, NoExecute), "VALUE:EFFECT", or nothing',
    'nodes.csv:2:3: cpu is "-1", expected a quantity such as "500m", "1.5" or "4Gi", not below 0',
    'nodes.csv:2:6: memory is empty, expected a quantity such as "500m", "1.5" or "4Gi", not below 0',
  ];
  assert.throws(
    () => read("name,cpu,memory,pod,taint:x\na,-1,,1,NoWay\n", "name,arrival,cpu,memroy\n"),
    (error) => {
      assert.ok(error instanceof PlumbError);
      assert.deepEqual(error.message.split("\n").toSorted(), problems.toSorted());
      return true;
    },
  );
});

test("readTrace refuses fractions of extended resources, durations below 0 and names used twice", () => {
  assert.throws(
    () =>
      read(
        "name,cpu,memory\n",
        "name,arrival,cpu,memory,duration,namespace,resource:x.org/y\np,0,1,1,-1,,500m\np,1,1,1,,default,\np,1,1,1,,other,\n",
      ),
    (error) => {
      assert.deepEqual((error as PlumbError).message.split("\n"), [
        'pods.csv:2:13: resource:x.org/y is "500m", expected a whole quantity such as "4" or "2k", not below 0, or nothing',
        'pods.csv:2:9: duration is "-1", expected seconds, or a number with a unit (ms, s, m, h, d) such as "1.5h", not below 0, or nothing',
        'pods.csv:3:1: name is "default/p" as in line 2, expected a name of its own',
      ]);
      return true;
    },
  );
});

function sample(): [SourceInput, SourceInput] {
  const [nodes, pods] = loadInputs(
    [
      sourcePath(import.meta.url, "../../../datasets/traces/nodes.csv"),
      sourcePath(import.meta.url, "../../../datasets/traces/pods.csv"),
    ],
    { stdin: null },
  );
  assert.ok(nodes !== undefined && pods !== undefined);
  return [nodes, pods];
}

test("readTrace reads the sample that the data sets describe", () => {
  const [nodeFile, podFile] = sample();
  const { nodes, pods } = readTrace({ nodes: nodeFile, pods: podFile }, { podsPerNode: 110 });
  assert.deepEqual([nodes.length, pods.length], [16, 40]);
  assert.deepEqual(
    pods.slice(0, 4).map(({ pod }) => pod.metadata.name),
    ["db-0", "db-1", "db-2", "web-0"],
  );
  assert.equal(pods.at(-1)?.arrivalMs, 600_000);
  assert.equal(new Set(pods.map(({ pod }) => pod.spec)).size, 6);
});

test("readTrace reads or refuses with a place whatever is done to a file, for 1,000 mutations", () => {
  const prng = new Prng(42);
  const [nodes, { file, text }] = sample();
  for (let round = 0; round < 1000; round++) {
    const at = prng.below(text.length);
    const change = prng.pick(['"', ",", "\n", "\r", "-", "9e9", "\0", "é", "__proto__", ""]);
    const mutated = text.slice(0, at) + change + text.slice(at + prng.below(3));
    try {
      readTrace({ nodes, pods: { file, text: mutated } }, { podsPerNode: 110 });
    } catch (error) {
      assert.ok(error instanceof PlumbError && error.position !== null, `${at} ${JSON.stringify(change)}`);
    }
  }
});
