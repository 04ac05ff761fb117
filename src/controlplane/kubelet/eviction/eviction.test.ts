import assert from "node:assert/strict";
import test from "node:test";
import { evictionMessage } from "./eviction-manager.js";
import { type Candidate, evictionOrder } from "./rank.js";
import { HARD_THRESHOLDS, type Observations, type Starved, thresholdsMet } from "./signals.js";

const NONE = { memory: 0, "ephemeral-storage": 0, inodes: 0, pids: 0 };
const MIB = 1024 * 1024;

function candidate(name: string, priority: number, resource: Starved, used: number, requested: number) {
  return {
    name,
    priority,
    used: { ...NONE, [resource]: used },
    requested: { ...NONE, [resource]: requested },
  };
}

const names = (candidates: readonly (Candidate & { name: string })[]) => candidates.map(({ name }) => name);

test("evictionOrder under memory pressure: who exceeds requests, then low priority, then the largest excess", () => {
  const all = [
    candidate("within", 0, "memory", 90, 100),
    candidate("important", 1000, "memory", 500, 100),
    candidate("little", 0, "memory", 110, 100),
    candidate("much", 0, "memory", 300, 100),
  ];
  assert.deepEqual(names(evictionOrder(all, "memory")), ["much", "little", "important", "within"]);
});

test("evictionOrder under disk pressure goes by disk, under pid pressure by priority first", () => {
  const disk = [
    candidate("small", 0, "ephemeral-storage", 10, 0),
    candidate("large", 0, "ephemeral-storage", 20, 0),
    candidate("asked", 0, "ephemeral-storage", 30, 40),
  ];
  assert.deepEqual(names(evictionOrder(disk, "ephemeral-storage")), ["large", "small", "asked"]);
  const pids = [candidate("busy", 5, "pids", 900, 0), candidate("low", 0, "pids", 1, 0)];
  assert.deepEqual(names(evictionOrder(pids, "pids")), ["low", "busy"]);
});

test("thresholdsMet compares amounts and shares, memory first", () => {
  const plenty = { available: 1e12, capacity: 1e12 };
  const observations: Observations = {
    "memory.available": { available: 99 * MIB, capacity: 1e12 },
    "nodefs.available": { available: 11, capacity: 100 },
    "nodefs.inodesFree": plenty,
    "imagefs.available": { available: 11, capacity: 100 },
    "imagefs.inodesFree": plenty,
    "pid.available": plenty,
  };
  const met = thresholdsMet(observations, HARD_THRESHOLDS).map(({ signal }) => signal);
  assert.deepEqual(met, ["memory.available", "imagefs.available"]);
});

test("evictionMessage names the threshold and the containers that exceed their requests", () => {
  const spec = { name: "web", resources: { requests: { memory: "1Mi" } } };
  const candidate = {
    priority: 0,
    isCritical: false,
    used: { ...NONE, memory: 3 * MIB },
    requested: NONE,
    containers: [{ spec, used: { ...NONE, memory: 3 * MIB } }],
    evict() {},
  };
  const met = [{ signal: "memory.available" as const, quantity: 100 * MIB, available: 50 * MIB }];
  assert.equal(
    evictionMessage("memory", candidate, met),
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container web was using 3Mi, request is 1Mi, has larger consumption of memory. ",
  );
});
