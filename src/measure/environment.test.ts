import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, realClock } from "../base/clock.js";
import {
  type EnvironmentReaders,
  noiseFloor,
  readCpuUse,
  readEnvironment,
  sharesBetween,
  systemReaders,
} from "./environment.js";

const MEASURED = {
  timer: { resolutionNs: 40, overheadNs: 60 },
  noise: null,
  busyShare: null,
  stealShare: null,
};

function machine(
  files: Record<string, string>,
  changes: Partial<EnvironmentReaders> = {},
): EnvironmentReaders {
  return {
    readText: (path) => files[path] ?? null,
    platform: () => ({ type: "Linux", release: "6.1.0", arch: "x64" }),
    cpus: () => [
      { model: " Some CPU ", speed: 2300 },
      { model: " Some CPU ", speed: 2400 },
    ],
    memoryBytes: () => 4 * 2 ** 30 - 5_000_000,
    versions: { node: "20.19.0", v8: "11.3" },
    ...changes,
  };
}

const stat = (line: string) => `${line}\ncpu0 1 2 3 4 5 6 7 8 9 10\n`;
const self = (times: string) => `7 (a (b) c) R 1 1 1 0 -1 4 0 0 0 0 ${times} 20 0 1 0 99`;

test("readEnvironment names os, kernel, cpu, memory and versions", () => {
  const environment = readEnvironment(
    machine({ "/etc/os-release": 'ID=x\nPRETTY_NAME="Debian 13"\n' }),
    MEASURED,
  );
  assert.equal(environment.os, "Debian 13 x64");
  assert.deepEqual(environment.cpu, { model: "Some CPU", cores: 2, mhz: 2300 });
  assert.deepEqual(environment.timer, MEASURED.timer);
  assert.match(environment.fingerprint, /^[0-9a-f]{16}$/);
});

test("readEnvironment fingerprints what matters: not the clock rate, nor a few MiB", () => {
  const base = readEnvironment(machine({}), MEASURED).fingerprint;
  const other = (changes: Partial<EnvironmentReaders>) =>
    readEnvironment(machine({}, changes), MEASURED).fingerprint;
  assert.equal(other({ memoryBytes: () => 4 * 2 ** 30 }), base);
  assert.equal(other({ cpus: () => [1, 2].map(() => ({ model: "Some CPU", speed: 999 })) }), base);
  assert.notEqual(other({ cpus: () => [{ model: "Some CPU", speed: 2300 }] }), base);
  assert.notEqual(other({ versions: { node: "22.0.0", v8: "11.3" } }), base);
  assert.equal(readEnvironment(machine({}, { cpus: () => [] }), MEASURED).cpu.mhz, null);
});

test("sharesBetween takes this process and its children off, and counts stolen time as others'", () => {
  const before = readCpuUse(
    machine({ "/proc/stat": stat("cpu  100 0 50 1000 10 0 0 0 0 0"), "/proc/self/stat": self("5 5 0 0") }),
  );
  const after = readCpuUse(
    machine({
      "/proc/stat": stat("cpu  150 0 60 1080 20 0 0 50 0 0"),
      "/proc/self/stat": self("20 10 30 0"),
    }),
  );
  assert.deepEqual(before, { total: 1160, busy: 150, steal: 0, own: 10 });
  assert.deepEqual(sharesBetween(before, after), { busyShare: (110 - 50) / 200, stealShare: 0.25 });
});

test("sharesBetween is null without /proc/stat, and between two readings of one tick", () => {
  assert.equal(readCpuUse(machine({})), null);
  assert.deepEqual(sharesBetween(null, null), { busyShare: null, stealShare: null });
  const use = { total: 10, busy: 5, steal: 0, own: 5 };
  assert.deepEqual(sharesBetween(use, use), { busyShare: null, stealShare: null });
});

test("noiseFloor is 0 on a clock that does not vary, and small but real on this machine", () => {
  assert.deepEqual(noiseFloor(new ManualClock()), { relativeMad: 0, samples: 200 });
  const { relativeMad } = noiseFloor(realClock);
  assert.ok(relativeMad > 0 && relativeMad < 1, `${relativeMad}`);
});

test("systemReaders read this machine", () => {
  const environment = readEnvironment(systemReaders, MEASURED);
  assert.ok(environment.cpu.cores >= 1 && environment.memoryBytes > 1e6);
  assert.equal(environment.node, process.versions.node);
  if (process.platform === "linux") assert.ok((readCpuUse(systemReaders)?.total ?? 0) > 0);
});
