// Times of IPVS in a user-mode Linux: how modelled times are put into its time and joined with native ones, and, where it
// is installed, one small size of it for real. No claim about speed: the machine may be doing anything else.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { realTimers } from "../../base/timers.js";
import { recordedCalibration } from "../../calibration/calibration-file.js";
import { injectorProgram } from "../../kernel/injector/build.js";
import { findUserModeLinux } from "../../kernel/user-mode/installation.js";
import { UserModeKernel } from "../../kernel/user-mode/user-mode-kernel.js";
import type { ControlRecord, TimingPoint, TimingRecord } from "../../measure/kernel-record.js";
import { IPVS_PACING } from "../../kernel/timing/ipvs-pacing.js";
import { timeOneAtATime } from "./one-at-a-time.js";
import { timeInUserMode } from "./user-mode-time.js";
import { mergeTiming } from "./user-mode-timing.js";

const calibration = recordedCalibration();

function controlsOf(factor: number): ControlRecord[] {
  const { first, conntrackFirst } = calibration.path;
  const base = { kernel: "user-mode", packet: "first", noise: 0 } as const;
  return [
    { ...base, control: "none", ns: first.ns * factor },
    { ...base, control: "conntrack", ns: (first.ns + conntrackFirst.ns) * factor },
  ];
}

test("timeInUserMode: instructions take as long as the controls do, waiting for memory as long as it does", () => {
  const halved = timeInUserMode(controlsOf(0.5), calibration);
  const parts = { path: 1000, conntrack: 400, rules: 5000, coldCaches: 300 };
  assert.equal(halved({ ns: 6700, parts }), 700 + 5300);
});

test("mergeTiming keeps native times as they are, and takes of the guest's crossovers those of ipvs", () => {
  const record = (path: "ipset" | "ipvs", clock: TimingRecord["clock"]): TimingRecord => ({
    clock,
    rounds: 4,
    roundsRejected: 1,
    controls: [],
    points: [{ path } as TimingPoint],
    scores: [],
    order: { agreed: 2, pairs: 3 },
    crossovers: [path, "nftables" as const].map((a) => ({
      a,
      b: "iptables-legacy",
      packet: "first",
      modelledAt: 100,
      measuredAt: 100,
      sameStep: true,
    })),
    calibration: { machine: clock, measuredAt: "", own: false },
  });
  const [native, guest] = [record("ipset", "thread-cpu"), record("ipvs", "tsc")];
  const merged = mergeTiming(native, guest);
  assert.deepEqual(
    {
      ...merged,
      points: merged.points.map(({ path }) => path),
      crossovers: merged.crossovers.map(({ a }) => a),
    },
    {
      ...native,
      rounds: 8,
      roundsRejected: 2,
      points: ["ipset", "ipvs"],
      order: { agreed: 4, pairs: 6 },
      crossovers: ["ipset", "nftables", "ipvs"],
    },
  );
  assert.equal(mergeTiming(null, guest), guest);
});

function whyNot(): string | false {
  const found = findUserModeLinux();
  if ("reason" in found) return found.detail;
  try {
    injectorProgram("pace");
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

test("in a user-mode Linux ipvs and iptables-legacy are timed in turn, and ipvs is scored by their ratio", {
  skip: whyNot(),
}, async (context) => {
  const installation = findUserModeLinux();
  assert.ok(!("reason" in installation));
  const folder = mkdtempSync(join(tmpdir(), "plumb-times-"));
  const kernel = { installation, folder, timers: realTimers, memoryMiB: 512, kernelArguments: [] };
  const host = await UserModeKernel.boot(kernel);
  try {
    const { timing, notVerified } = await timeOneAtATime(
      {
        host,
        clock: realTimers,
        pacing: { ...IPVS_PACING, seed: 1, rounds: 1, passes: 8 },
        sweep: { paths: ["iptables-legacy", "ipvs"], services: [2] },
        budgetMs: 60_000,
        onProgress: () => undefined,
      },
      { calibration, isOwn: false },
    );
    const disturbed = notVerified.find(({ detail }) => detail.includes("chunks count"));
    if (disturbed !== undefined) return context.skip(disturbed.detail);
    assert.deepEqual(notVerified, []);
    assert.deepEqual(
      timing.points.map(({ path, kernel: where, packet }) => `${path} ${where} ${packet}`),
      ["iptables-legacy", "ipvs"].flatMap((path) =>
        ["first", "established"].map((packet) => `${path} user-mode ${packet}`),
      ),
    );
    for (const { measuredNs, modelledNs, packets } of timing.points)
      assert.ok(measuredNs > 0 && modelledNs > 0 && packets > 0, `${measuredNs} ${modelledNs} ${packets}`);
    assert.deepEqual(
      timing.controls.map(({ control, packet }) => `${control} ${packet}`),
      ["none first", "conntrack first", "none established", "conntrack established"],
    );
    assert.deepEqual(
      timing.scores.map(({ path, against }) => [path, against]),
      [
        ["iptables-legacy", undefined],
        ["iptables-legacy", undefined],
        ["ipvs", "iptables-legacy"],
        ["ipvs", "iptables-legacy"],
      ],
    );
  } finally {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
