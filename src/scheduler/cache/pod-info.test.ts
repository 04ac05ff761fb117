import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, PodSpec } from "../../api/types.js";
import { normalizedImageName, placedOn, PodReader } from "./pod-info.js";

function podOf(name: string, spec: PodSpec = {}, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, uid: name, ...metadata }, spec };
}

const twoCores = (): PodSpec => ({ containers: [{ resources: { requests: { cpu: "2" } } }] });

test("PodReader shares what equal specs and labels say, though they are different objects", () => {
  const reader = new PodReader();
  const a = reader.read(podOf("a", twoCores(), { labels: { app: "x" } }));
  const b = reader.read(podOf("b", { ...twoCores(), nodeName: "n" }, { labels: { app: "x" } }));
  assert.equal(a.spec, b.spec);
  assert.equal(a.labelSet, b.labelSet);
  assert.equal(reader.specs.size, 1);
});

test("PodReader tells apart specs and label sets that differ, when scheduling can tell the difference", () => {
  const reader = new PodReader();
  const base = reader.read(podOf("a", twoCores(), { labels: { app: "x" } }));
  const others: readonly PodSpec[] = [
    { ...twoCores(), priority: 1 },
    { ...twoCores(), nodeSelector: { a: "b" } },
    { ...twoCores(), tolerations: [{ operator: "Exists" }] },
    { ...twoCores(), overhead: { cpu: "1m" } },
    { ...twoCores(), initContainers: [{}] },
    { ...twoCores(), hostNetwork: true },
  ];
  const ids = others.map((spec) => reader.read(podOf("b", spec)).spec.id);
  assert.deepEqual(ids, [1, 2, 3, 4, 5, 6]);
  assert.notEqual(reader.read(podOf("c", twoCores(), { labels: { app: "y" } })).labelSet, base.labelSet);
  const elsewhere = reader.read(podOf("d", twoCores(), { labels: { app: "x" }, namespace: "team" }));
  assert.notEqual(elsewhere.labelSet, base.labelSet);
});

test("PodReader does not mix up label sets, when values hold what keys are joined by", () => {
  const reader = new PodReader();
  const ids = [{ a: "b", c: "d" }, { a: "b=c", d: "" }, { a: "b" }, {}].map(
    (labels) => reader.read(podOf("p", {}, { labels })).labelSet.id,
  );
  assert.equal(new Set(ids).size, ids.length);
});

test("PodReader reads names, priority and what is being deleted, with defaults where nothing is said", () => {
  const reader = new PodReader();
  const plain = reader.read({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" } });
  assert.deepEqual(
    [plain.key, plain.uid, plain.namespace, plain.priority, plain.isTerminating],
    ["default/p", "default/p", "default", 0, false],
  );
  const going = podOf(
    "p",
    { priority: -5 },
    { namespace: "team", deletionTimestamp: "2026-01-01T00:00:00Z" },
  );
  const { key, uid, priority, isTerminating } = reader.read(going);
  assert.deepEqual([key, uid, priority, isTerminating], ["team/p", "p", -5, true]);
});

test("PodReader keeps what it knows, when only the status or deletion differ, and reads anew when labels do", () => {
  const reader = new PodReader();
  const known = reader.read(podOf("p", twoCores(), { labels: { a: "b" } }));
  const { pod } = known;
  const deleted: Pod = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: "now" } };
  assert.deepEqual(reader.read(deleted, known), { ...known, pod: deleted, isTerminating: true });
  const relabelled = reader.read({ ...pod, metadata: { ...pod.metadata, labels: { a: "c" } } }, known);
  assert.deepEqual(relabelled.labelSet.labels, { a: "c" });
});

test("PodReader takes host ports of containers and sidecars, with defaults for address and protocol", () => {
  const port = (hostPort: number) => ({ ports: [{ containerPort: 1, hostPort }] });
  const { hostPorts } = new PodReader().read(
    podOf("p", {
      containers: [port(80), { ports: [{ containerPort: 1 }] }, port(0)],
      initContainers: [port(81), { ...port(82), restartPolicy: "Always" }],
    }),
  ).spec;
  assert.deepEqual(hostPorts, [
    { ip: "0.0.0.0", protocol: "TCP", port: 80 },
    { ip: "0.0.0.0", protocol: "TCP", port: 82 },
  ]);
});

test("normalizedImageName adds :latest, when neither tag nor digest is given", () => {
  const rows = [
    ["nginx", "nginx:latest"],
    ["nginx:1.27", "nginx:1.27"],
    ["localhost:5000/nginx", "localhost:5000/nginx:latest"],
    ["localhost:5000/nginx:1", "localhost:5000/nginx:1"],
    ["a/b@sha256:0", "a/b@sha256:0"],
  ] as const;
  for (const [name, expected] of rows) assert.equal(normalizedImageName(name), expected);
});

test("placedOn names the node and changes nothing else", () => {
  const pending = new PodReader().read(podOf("p", twoCores()));
  const placed = placedOn(pending, "n");
  assert.equal(placed.pod.spec?.nodeName, "n");
  assert.equal(pending.pod.spec?.nodeName, undefined);
  assert.equal(placed.spec, pending.spec);
});
