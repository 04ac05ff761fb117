import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { PlumbError } from "../../base/errors.js";
import { loadInputs } from "../inputs.js";
import { GPU_MILLI, GPU_MODEL, readOpenb } from "./openb.js";
import type { Trace } from "./trace.js";

const NODES = "sn,cpu_milli,memory_mib,gpu,model\n";
const PODS =
  "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n";

function read(nodes: string, pods: string): Trace {
  return readOpenb(
    { nodes: { file: "nodes.csv", text: NODES + nodes }, pods: { file: "pods.csv", text: PODS + pods } },
    { podsPerNode: 110 },
  );
}

function refuses(nodes: string, pods: string, ...lines: string[]): void {
  assert.throws(
    () => read(nodes, pods),
    (error) => error instanceof PlumbError && error.code === "InvalidInput" && check(error.message),
  );
  function check(message: string): boolean {
    assert.equal(message, lines.join("\n"));
    return true;
  }
}

test("readOpenb makes nodes with GPUs in thousandths and a model label", () => {
  const { nodes } = read("n-0,32000,262144,0,\nn-1,96000,786432,8,V100M32\n", "");
  assert.deepEqual(nodes[0]?.metadata, { name: "n-0", labels: { "kubernetes.io/hostname": "n-0" } });
  assert.deepEqual(nodes[0]?.status?.allocatable, { cpu: "32000m", memory: "262144Mi", pods: 110 });
  assert.equal(nodes[1]?.metadata.labels?.[GPU_MODEL], "V100M32");
  assert.deepEqual(nodes[1]?.status?.allocatable, {
    cpu: "96000m",
    memory: "786432Mi",
    pods: 110,
    [GPU_MILLI]: 8000,
  });
});

test("readOpenb makes requests, affinity and priority of a task", () => {
  const { pods } = read("", "p-0,12000,16384,1,460,A|B,LS,Running,0,100,0\np-1,1000,64,0,0,,,Failed,5,6,5\n");
  assert.deepEqual(pods[0]?.pod.spec, {
    containers: [
      {
        name: "task",
        resources: {
          requests: { cpu: "12000m", memory: "16384Mi", [GPU_MILLI]: 460 },
          limits: { [GPU_MILLI]: 460 },
        },
      },
    ],
    priority: 200,
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: GPU_MODEL, operator: "In", values: ["A", "B"] }] }],
        },
      },
    },
  });
  assert.equal(pods[1]?.pod.spec?.priority, 0);
  assert.equal(pods[1]?.pod.spec?.affinity, undefined);
  assert.deepEqual(pods[1]?.imported, { scheduledMs: 5000, phase: "Failed" });
});

test("readOpenb counts a lifetime from placement, or from creation when there was none", () => {
  const { pods } = read(
    "",
    "late,1,1,0,0,,BE,Running,10,100,30\nnever,1,1,8,1000,,BE,Pending,10,25,\nstays,1,1,0,0,,BE,Running,5,,7.0\n",
  );
  assert.deepEqual(
    pods.map(({ pod, arrivalMs, lifetimeMs, imported }) => [
      pod.metadata.name,
      arrivalMs,
      lifetimeMs,
      imported.scheduledMs,
    ]),
    [
      ["stays", 5000, null, 7000],
      ["late", 10_000, 70_000, 30_000],
      ["never", 10_000, 15_000, null],
    ],
  );
  assert.equal(pods[2]?.pod.spec?.containers?.[0]?.resources?.requests?.[GPU_MILLI], 8000);
});

test("readOpenb shares one spec between equal tasks", () => {
  const { pods } = read(
    "",
    "a,1,1,0,0,,BE,Running,1,2,1\nb,1,1,0,0,,BE,Failed,3,9,4\nc,2,1,0,0,,BE,,5,6,5\n",
  );
  assert.equal(pods[0]?.pod.spec, pods[1]?.pod.spec);
  assert.notEqual(pods[0]?.pod.spec, pods[2]?.pod.spec);
});

test("readOpenb reports every mistake of both files with its place", () => {
  refuses(
    "n-0,32.5,1,0,\nn-1,1,1,0,\nn-1,1,1,x,\n",
    [
      "p-0,1,1,1,0,,LS,Running,0,1,0",
      "p-0,1,1,2,1000,,LSR,Running,0,1,0",
      "Pod_2,-4,,0,0,,BE,Running,soon,1,",
      "p-3,1,1,0,0,,BE,Running,10,20,30",
      "",
    ].join("\n"),
    'nodes.csv:2:5: cpu_milli is "32.5", expected a whole number, 0..1000000000000',
    'nodes.csv:4:9: gpu is "x", expected a whole number, 0..1000',
    'nodes.csv:4:1: sn is "n-1" as in line 3, expected a name of its own',
    "pods.csv:2:11: gpu_milli is 0 though num_gpu is 1, expected the share of each GPU, 1..1000",
    'pods.csv:3:17: qos is "LSR", expected LS, Guaranteed, Burstable, BE, or nothing, which is BE',
    'pods.csv:4:7: cpu_milli is "-4", expected a whole number, 0..1000000000000',
    "pods.csv:4:10: memory_mib is empty, expected a whole number, 0..1000000000000",
    "pods.csv:4:1: name is \"Pod_2\", expected lower-case letters, digits, '-' and '.', at most 253 (DNS subdomain)",
    'pods.csv:4:27: creation_time is "soon", expected seconds, or a number with a unit (ms, s, m, h, d) such as "1.5h"',
    "pods.csv:5:28: deletion_time is before the task began, expected 30 s or later",
    'pods.csv:3:1: name is "p-0" as in line 2, expected a name of its own',
  );
});

test("readOpenb reports a missing column once, and the name that it may go by", () => {
  assert.throws(
    () =>
      readOpenb(
        {
          nodes: { file: "n.csv", text: "sn,CPU_milli,memory_mib,gpu,model\na,1,1,0,\nb,1,1,0,\n" },
          pods: { file: "p.csv", text: PODS },
        },
        { podsPerNode: 110 },
      ),
    /^PlumbError: n\.csv:1:1: column "cpu_milli" is missing, expected sn, cpu_milli, memory_mib, gpu, model \(is it the column called "CPU_milli"\?\)$/,
  );
});

const root = process.env["PLUMB_REAL_DATA"];
const folder = root === undefined ? null : join(root, "traces");
const skip =
  folder === null
    ? "PLUMB_REAL_DATA is not set"
    : existsSync(folder)
      ? false
      : `PLUMB_REAL_DATA names no folder with traces: ${folder}`;

test("readOpenb reads the whole published trace", { skip }, () => {
  const [nodeFile, podFile] = loadInputs(
    ["openb_node_list_all_node.csv", "openb_pod_list_default.csv"].map((name) => join(folder ?? "", name)),
    { stdin: null },
  );
  assert.ok(nodeFile !== undefined && podFile !== undefined);
  const { nodes, pods } = readOpenb({ nodes: nodeFile, pods: podFile }, { podsPerNode: 110 });
  assert.deepEqual([nodes.length, pods.length], [1523, 8152]);
  const gpuMilli = nodes.map(({ status }) => Number(status?.allocatable?.[GPU_MILLI] ?? 0));
  assert.equal(sum(gpuMilli), 6_212_000);
  assert.equal(nodes.filter(({ metadata }) => metadata.labels?.[GPU_MODEL] === "G2").length, 549);
  const cpuMilli = nodes.map(({ status }) => Number.parseInt(String(status?.allocatable?.["cpu"]), 10));
  assert.equal(sum(cpuMilli), 125_514_000);
  const asked = pods.map(({ pod }) =>
    Number(pod.spec?.containers?.[0]?.resources?.requests?.[GPU_MILLI] ?? 0),
  );
  assert.equal(sum(asked), 6_086_800);
  assert.equal(pods.filter(({ imported }) => imported.scheduledMs === null).length, 897);
  assert.equal(new Set(pods.map(({ pod }) => pod.spec)).size, 162);
  assert.deepEqual([pods[0]?.arrivalMs, pods.at(-1)?.arrivalMs], [0, 12_901_761_000]);
  assert.ok(pods.every(({ lifetimeMs }) => lifetimeMs !== null && lifetimeMs >= 0));
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
