// Times made of known prices must give those prices back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAVOURS } from "../calibration.js";
import { recordedCalibration, parseCalibration, writeCalibration } from "../calibration-file.js";
import { calibrationProbes } from "./index.js";
import { IPVS_SIZES, ipvsProbeId } from "./ipvs-probes.js";
import { setUpProbeId } from "./path-probes.js";
import { calibrationFrom } from "./prices.js";
import { timeKey } from "./probe.js";

const ABOUT = {
  machine: "made up",
  fingerprint: null,
  measuredAt: "2026-01-01T00:00:00.000Z",
  flavours: FLAVOURS,
  ipvsTimes: null,
} as const;
const CONTROLS: Readonly<Record<string, number>> = {
  "none first fixed": 2000,
  "none established fixed": 1900,
  "conntrack first fixed": 2800,
  "conntrack established fixed": 2500,
};
/** ns of evaluating a rule once, the same for every flavour; rules not named cost 10. */
const RULES: Readonly<Record<string, number>> = {
  serviceMiss: 3,
  headerMiss: 3,
  hit: 5,
  comment: 26,
  port: 20,
  setMiss: 90,
  setHit: 95,
};
const SET_UPS: Readonly<Record<string, number>> = { hooks: 100, dnat: 723, masquerade: 1026 };

function madeUpTimes(): Map<string, number> {
  const times = new Map(Object.entries(CONTROLS));
  for (const { id, cases } of calibrationProbes())
    for (const { packet, spread } of cases) {
      const [flavour = "", what = "", size = ""] = id.split(" ");
      const begin = CONTROLS[`conntrack ${packet} fixed`] as number;
      const count = Number(size.replace("x", ""));
      const ns =
        what === "cold"
          ? 5000 + (spread === "spread" ? count / 4 : 0)
          : what === "scan"
            ? 2050 + 3 * count + (count > 2000 ? 3 * (count - 2000) : 0)
            : what in SET_UPS
              ? begin + (SET_UPS[what] as number)
              : 2050 + (RULES[what] ?? 10) * count;
      assert.ok(flavour.length > 0 && !Number.isNaN(ns), id);
      times.set(timeKey(id, packet, spread), ns);
    }
  return times;
}

test("prices are slopes and differences of the probes' times", () => {
  const calibration = calibrationFrom(madeUpTimes(), { ...ABOUT, recorded: recordedCalibration() });
  assert.deepEqual(
    parseCalibration({ file: "made-up.json", text: writeCalibration(calibration) }),
    calibration,
  );
  assert.deepEqual(
    Object.values(calibration.path).map(({ ns }) => ns),
    [2000, 1900, 800, 600],
  );
  const { "iptables-legacy": legacy, nftables } = calibration.flavours;
  assert.deepEqual(
    [legacy.hooksFirst, legacy.hooksEstablished, legacy.natApply, nftables.natApply].map(({ ns }) => ns),
    [100, 100, 623, 623],
  );
  const { commentMatches, portMatches, setProbes, setHits, dnatTargets, masqueradeTargets } = legacy.work;
  assert.deepEqual(
    [commentMatches, portMatches, setProbes, setHits, dnatTargets, masqueradeTargets].map(
      (price) => price?.ns,
    ),
    [21, 17, 87, 5, 603, 300],
  );
  assert.deepEqual(
    [nftables.work.headerMisses, nftables.work.portMatches, nftables.work.dnatTargets].map(
      (price) => price?.ns,
    ),
    [3, 20, 603],
  );
  assert.deepEqual(legacy.scan.points.slice(0, 3), [
    [0, 0],
    [64, 192],
    [512, 1536],
  ]);
  assert.deepEqual(legacy.scan.points.at(-1), [16_384, 3 * 16_384 + 3 * 14_384]);
  assert.deepEqual(legacy.cold.points.slice(0, 3), [
    [1, 0],
    [64, 16],
    [256, 64],
  ]);
});

test("noise never makes a price or a curve fall below nothing", () => {
  const times = madeUpTimes();
  times.set("iptables-legacy hooks first fixed", 2790);
  times.set("sets cold 256 first spread", 4000);
  const { flavours, sets } = calibrationFrom(times, { ...ABOUT, recorded: recordedCalibration() });
  assert.equal(flavours["iptables-legacy"].hooksFirst.ns, 0);
  assert.deepEqual(sets.cold.points[2], [256, 16]);
});

test("a probe that was not timed is named", () => {
  const times = madeUpTimes();
  times.delete("nftables jump x512 first fixed");
  assert.throws(
    () => calibrationFrom(times, { ...ABOUT, recorded: recordedCalibration() }),
    /nftables jump x512 first fixed/,
  );
});

test("a flavour that was not timed keeps its recorded prices", () => {
  const times = new Map([...madeUpTimes()].filter(([key]) => !key.startsWith("nftables")));
  const recorded = recordedCalibration();
  const flavours = ["iptables-legacy", "iptables-nft"] as const;
  const calibration = calibrationFrom(times, { ...ABOUT, flavours, recorded });
  assert.deepEqual(calibration.flavours.nftables, recorded.flavours.nftables);
  assert.equal(calibration.flavours["iptables-nft"].work.commentMatches?.ns, 21);
});

test("instructions of ip_vs are scaled as the controls are, waiting for memory is not", () => {
  const recorded = recordedCalibration();
  const calibration = calibrationFrom(madeUpTimes(), { ...ABOUT, recorded });
  const { first, established, conntrackFirst, conntrackEstablished } = recorded.path;
  const recordedNs = 2 * first.ns + 2 * established.ns + conntrackFirst.ns + conntrackEstablished.ns;
  const factor = (2000 + 1900 + 2800 + 2500) / recordedNs;
  const lookup = (of: typeof recorded) => of.ipvs.work.ipvsConnLookups?.ns ?? 0;
  assert.ok(Math.abs(lookup(calibration) - lookup(recorded) * factor) < 0.01);
  assert.deepEqual(calibration.ipvs.cold, recorded.ipvs.cold);
});

test("prices of ip_vs are differences of its probes' times, scaled by the controls of the kernel that has it", () => {
  // Controls take half as long as those of CONTROLS.
  const times = new Map(Object.entries(CONTROLS).map(([key, ns]) => [key, ns / 2]));
  times.set(timeKey(setUpProbeId("iptables-legacy", "hooks"), "first", "fixed"), 1500);
  times.set(timeKey(setUpProbeId("iptables-legacy", "hooks"), "established", "fixed"), 1300);
  for (const size of IPVS_SIZES)
    for (const [packet, ns] of [
      ["first", 1500 + 1000],
      ["established", 1300 + 300],
    ] as const) {
      times.set(timeKey(ipvsProbeId(size), packet, "fixed"), ns);
      times.set(timeKey(ipvsProbeId(size), packet, "spread"), ns + size / 4);
    }
  const recorded = recordedCalibration();
  const unscaled = calibrationFrom(madeUpTimes(), { ...ABOUT, recorded }).ipvs.work;
  const { work, cold, coldEstablished } = calibrationFrom(madeUpTimes(), {
    ...ABOUT,
    recorded,
    ipvsTimes: times,
  }).ipvs;
  assert.equal(work.ipvsConnLookups?.ns, 300);
  const first =
    2 * 300 +
    ["ipvsServiceLookups", "ipvsConnInserts", "schedulerSteps"].reduce(
      (sum, name) => sum + (work[name as keyof typeof work]?.ns ?? 0),
      0,
    );
  assert.ok(Math.abs(first - 2000) < 0.1, `${first}`);
  assert.deepEqual(work.ipvsConnInserts, unscaled.ipvsConnInserts);
  for (const { points } of [cold, coldEstablished])
    assert.deepEqual(points, [
      [1, 0],
      [64, 16],
      [512, 128],
      [4096, 1024],
    ]);
});
