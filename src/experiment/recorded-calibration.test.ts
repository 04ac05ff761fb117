// The calibration that ships against the reference run of `plumb verify quick --timing`: whole rulesets, timed on the
// same machine at another time, which none of its prices was made from.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../base/source-path.js";
import { recordedCalibration } from "../calibration/calibration-file.js";
import { type ModelledCost, modelKernelNs } from "../dataplane/cost-model.js";
import { orderAgreement, scorePoints } from "../kernel/timing/score.js";
import type { KernelPath, TimingPoint, TimingRecord } from "../measure/kernel-record.js";
import type { RunRecord } from "../measure/run-record.js";
import { countsKey, sweepCounts, sweepRules } from "./verify-kernel/sweep-rules.js";
import { timeInUserMode } from "./verify-kernel/user-mode-time.js";

const calibration = recordedCalibration();
const { timing, host } = reference();

/** Larger rulesets take seconds to compile, and are scored by every run of plumb verify. */
const SERVICES_MAX = 10_000;

function reference(): { timing: TimingRecord; host: { machine: string } } {
  const file = join(packageRoot, "reports/reference/kernel/result.json");
  const { kernelVerification } = JSON.parse(readFileSync(file, "utf8")) as RunRecord;
  assert.ok(kernelVerification?.timing, `${file} holds times`);
  return { timing: kernelVerification.timing, host: kernelVerification.host };
}

/** The reference's points, modelled anew with the prices that ship. */
function remodelled(kernel: "native" | "user-mode"): TimingPoint[] {
  const points = timing.points.filter((point) => point.kernel === kernel && point.services <= SERVICES_MAX);
  const counts = countsOf(points);
  return points.map((point) => {
    const { path, services, packet, target } = point;
    const controls = timing.controls.filter((each) => each.kernel === kernel && each.packet === packet);
    const inKernel =
      kernel === "native" ? ({ ns }: ModelledCost) => ns : timeInUserMode(controls, calibration);
    const distinctTargets = target === "random" ? services : 1;
    const counted = counts.get(`${path} ${services}`)?.get(countsKey(packet, target)) ?? [];
    const modelled = counted.map((each) =>
      inKernel(modelKernelNs({ path, counts: each, packet, distinctTargets, calibration })),
    );
    return { ...point, modelledNs: modelled.reduce((sum, ns) => sum + ns, 0) / modelled.length };
  });
}

function countsOf(points: readonly TimingPoint[]) {
  const rulesets = new Map(points.map(({ path, services }) => [`${path} ${services}`, { path, services }]));
  return new Map(
    [...rulesets].map(([key, { path, services }]) => [
      key,
      sweepCounts({ kind: "rules", path, services }, sweepRules(path, services).model),
    ]),
  );
}

function listed(points: readonly TimingPoint[]): string {
  return points
    .map(({ path, packet, services, target, measuredNs, modelledNs }) => {
      const ratio = (modelledNs / measuredNs).toFixed(2);
      return `${path} ${packet} ${services} ${target}: ${ratio}`;
    })
    .join("\n");
}

const native = remodelled("native");

test("the reference was run on the recorded machine", () => {
  assert.ok(calibration.machine.startsWith(host.machine), `${calibration.machine} is not ${host.machine}`);
});

test("recorded prices are within 15% of the kernel at 9 points of 10 of every path, within 33% at all", () => {
  const scores = scorePoints(native);
  const paths = new Set<KernelPath>(scores.map(({ path }) => path));
  assert.equal(paths.size, 4);
  for (const { path, packet, withinClose, withinWide } of scores) {
    assert.ok(withinClose >= 0.9 && withinWide === 1, `${path}, ${packet} packets\n${listed(native)}`);
  }
});

test("recorded prices put the paths in the order of the kernel", () => {
  const { agreed, pairs } = orderAgreement(native);
  assert.equal(agreed, pairs);
});

test("recorded prices of ipvs as a ratio to iptables are the guest's", () => {
  const points = remodelled("user-mode");
  const scores = scorePoints(points).filter(({ path }) => path === "ipvs");
  assert.ok(scores.length > 0);
  for (const { withinWide } of scores) assert.equal(withinWide, 1, listed(points));
});
