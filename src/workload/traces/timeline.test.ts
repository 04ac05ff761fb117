import assert from "node:assert/strict";
import test from "node:test";
import { PlumbError } from "../../base/errors.js";
import { arrivalsOf, type ReplayOptions, tileNodes } from "./timeline.js";
import { type Trace, type TracePod, traceNode, unboundPod } from "./trace.js";

const ALL: ReplayOptions = {
  speedUp: 1,
  lifetimeStretch: 1,
  tileCount: 1,
  podsMax: null,
  fromMs: 0,
  toMs: null,
};
const SPEC = { containers: [] };

function entry(
  name: string,
  arrivalMs: number,
  lifetimeMs: number | null,
  scheduledMs: number | null = null,
): TracePod {
  const pod = unboundPod(name, "default", SPEC);
  return { pod, arrivalMs, lifetimeMs, imported: { scheduledMs, phase: null } };
}

function trace(...pods: TracePod[]): Trace {
  return { nodes: [], pods };
}

function rows(of: Trace, options: Partial<ReplayOptions>): (string | number | boolean | null)[][] {
  return arrivalsOf(of, { ...ALL, ...options }).map(({ pod, atMs, lifetimeMs, isStanding }) => [
    pod.metadata.name,
    atMs,
    lifetimeMs,
    isStanding,
  ]);
}

test("arrivalsOf compresses arrivals and lifetimes by the speed-up", () => {
  assert.deepEqual(rows(trace(entry("a", 0, null), entry("b", 6000, 600)), { speedUp: 60 }), [
    ["a", 0, null, false],
    ["b", 100, 10, false],
  ]);
});

test("arrivalsOf starts with the Pods that still run when the window opens, with what is left of them", () => {
  const recorded = trace(
    entry("before-zero", -50, null),
    entry("gone", 0, 100),
    entry("running", 0, 500),
    entry("placed-late", 10, 200, 60),
    entry("waiting", 20, 300, 150),
    entry("first", 100, 10),
    entry("last", 199, null),
    entry("after", 200, 10),
  );
  assert.deepEqual(rows(recorded, { fromMs: 100, toMs: 200 }), [
    ["before-zero", 0, null, true],
    ["running", 0, 400, true],
    ["placed-late", 0, 160, true],
    ["waiting", 0, 300, true],
    ["first", 0, 10, false],
    ["last", 99, null, false],
  ]);
});

test("arrivalsOf stretches lifetimes before it looks who still runs", () => {
  const recorded = trace(entry("a", 0, 40), entry("b", 0, null), entry("c", 60, 10));
  assert.deepEqual(rows(recorded, { lifetimeStretch: 3, fromMs: 60, speedUp: 2 }), [
    ["a", 0, 30, true],
    ["b", 0, null, true],
    ["c", 0, 15, false],
  ]);
  const forever = rows(recorded, { lifetimeStretch: Number.POSITIVE_INFINITY });
  assert.deepEqual(
    forever.map(([, , lifetimeMs]) => lifetimeMs),
    [null, null, null],
  );
});

test("arrivalsOf counts what arrived before the trace's start as standing", () => {
  assert.deepEqual(rows(trace(entry("a", -100, 150), entry("b", 0, 5)), {}), [
    ["a", 0, 50, true],
    ["b", 0, 5, false],
  ]);
});

test("arrivalsOf spreads copies over the mean gap and keeps the order of time", () => {
  const recorded = trace(entry("s", -5, null), entry("a", 0, 7), entry("b", 10, 7), entry("c", 40, 7));
  assert.deepEqual(rows(recorded, { tileCount: 2 }), [
    ["s-0", 0, null, true],
    ["s-1", 0, null, true],
    ["a-0", 0, 7, false],
    ["b-0", 10, 7, false],
    ["a-1", 10, 7, false],
    ["b-1", 20, 7, false],
    ["c-0", 40, 7, false],
    ["c-1", 50, 7, false],
  ]);
  assert.equal(arrivalsOf(recorded, { ...ALL, tileCount: 3, podsMax: 5 }).length, 5);
});

test("arrivalsOf shares specs between copies, save those that name a host", () => {
  const pinned = { ...SPEC, nodeSelector: { "kubernetes.io/hostname": "n", pool: "x" } };
  const pods = [entry("a", 0, null), entry("b", 1, null)].map((one, index) => ({
    ...one,
    pod: { ...one.pod, spec: index === 0 ? SPEC : pinned },
  }));
  const arrivals = arrivalsOf({ nodes: [], pods }, { ...ALL, tileCount: 2 });
  const specOf = (name: string) => arrivals.find(({ pod }) => pod.metadata.name === name)?.pod.spec;
  assert.equal(specOf("a-1"), SPEC);
  assert.deepEqual(specOf("b-1")?.nodeSelector, { "kubernetes.io/hostname": "n-1", pool: "x" });
});

test("tileNodes gives every copy a name and a host name of its own", () => {
  const nodes = ["n", "n-1"].map((name) =>
    traceNode(name, { allocatable: { cpu: "1" }, labels: { pool: "x" }, taints: [] }),
  );
  assert.equal(tileNodes(nodes, 1), nodes);
  const tiled = tileNodes(nodes, 2);
  assert.deepEqual(
    tiled.map(({ metadata }) => metadata.name),
    ["n-0", "n-1-0", "n-1", "n-1-1"],
  );
  assert.deepEqual(tiled[2]?.metadata.labels, { "kubernetes.io/hostname": "n-1", pool: "x" });
});

test("arrivalsOf refuses options out of range", () => {
  for (const [options, message] of [
    [{ speedUp: 0 }, "a speed-up of 0: expected above 0"],
    [{ speedUp: Number.NaN }, "a speed-up of NaN: expected above 0"],
    [{ lifetimeStretch: 0 }, "lifetimes stretched by 0: expected above 0"],
    [{ tileCount: 1.5 }, "1.5 copies: expected a whole number, 1..10000"],
    [{ podsMax: 0 }, "at most 0 Pods: expected 1 or more"],
    [{ fromMs: 5, toMs: 5 }, "a window from 5 to 5 ms: expected from before to"],
  ] as const) {
    assert.throws(
      () => rows(trace(), options),
      (error) => error instanceof PlumbError && error.message === `Cannot replay a trace with ${message}`,
      message,
    );
  }
});
