// The whole of it on small rulesets in a real kernel: packets arrive, times are there, the parts of the record agree.
// No claim about speed: the machine may be doing anything else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAVOURS } from "../../calibration/calibration.js";
import { recordedCalibration } from "../../calibration/calibration-file.js";
import { calibrationProbes } from "../../calibration/primitives/index.js";
import { realClock } from "../../base/clock.js";
import { Sandbox } from "../../kernel/host/sandbox.js";
import { injectorProgram } from "../../kernel/injector/build.js";
import { type PricesToMake, verifyTiming, type TimingOptions } from "./timing.js";
import type { Prices } from "./timing-record.js";

/** Why no kernel can be had here; null when one can. */
async function whyNot(): Promise<string | null> {
  if (process.getuid?.() !== 0) return "needs root: times in a user namespace are not comparable";
  try {
    injectorProgram("pace");
    const sandbox = await Sandbox.open("root", realClock);
    const { status, stderr } = await sandbox.run({ argv: ["iptables-legacy", "--version"] });
    await sandbox.close();
    return status === 0 ? null : stderr;
  } catch (error) {
    return (error as Error).message;
  }
}

const skip = (await whyNot()) ?? false;

async function timed(
  overrides: Partial<TimingOptions>,
  source: Prices | PricesToMake = { calibration: recordedCalibration(), isOwn: false },
): Promise<ReturnType<typeof verifyTiming> extends Promise<infer R> ? R : never> {
  const host = await Sandbox.open("root", realClock);
  try {
    return await verifyTiming(
      {
        host,
        clock: realClock,
        pacing: { seed: 1, cpu: "last", rounds: 2, passes: 2 },
        sweep: { paths: ["iptables-legacy"], services: [1, 100] },
        budgetMs: 60_000,
        onProgress: () => undefined,
        ...overrides,
      },
      source,
    );
  } finally {
    await host.close();
  }
}

test("controls and small rulesets are timed: every packet delivered, every case in the record", {
  skip,
}, async () => {
  const { timing, notVerified } = await timed({});
  assert.deepEqual(notVerified, []);
  assert.deepEqual(
    timing.controls.map(({ control, packet }) => `${control} ${packet}`),
    ["none first", "conntrack first", "none established", "conntrack established"],
  );
  assert.deepEqual(
    timing.points.map(({ packet, services, target }) => `${packet} ${services} ${target}`),
    [
      "first 1 last",
      ...["first", "middle", "last", "random"].map((target) => `first 100 ${target}`),
      "established 1 last",
      "established 100 last",
      "established 100 random",
    ],
  );
  for (const { measuredNs, modelledNs, chunks, packets } of timing.points) {
    assert.ok(measuredNs > 0, `${measuredNs} ns`);
    assert.ok(modelledNs > 0, `${modelledNs} ns`);
    assert.ok(packets >= chunks * 24, `${packets} packets in ${chunks} chunks`);
  }
});

test("probes are timed beside the rulesets, and prices are made of their times and the controls'", {
  skip,
}, async () => {
  const hooks = calibrationProbes().filter(({ id }) => id === "iptables-legacy hooks");
  let keys: readonly string[] = [];
  const { timing, prices } = await timed(
    { sweep: { paths: ["iptables-legacy"], services: [1] } },
    {
      probes: hooks,
      pricesFrom: async (times, flavours) => {
        assert.deepEqual(flavours, FLAVOURS);
        keys = [...times.keys()];
        const { path, ...rest } = recordedCalibration();
        const first = { ...path.first, ns: times.get("none first fixed") as number };
        return { ...rest, machine: "this", path: { ...path, first } };
      },
    },
  );
  assert.deepEqual(keys.toSorted(), [
    "conntrack established fixed",
    "conntrack first fixed",
    "iptables-legacy hooks established fixed",
    "iptables-legacy hooks first fixed",
    "none established fixed",
    "none first fixed",
  ]);
  assert.equal(timing.controls[0]?.ns, prices.calibration.path.first.ns);
  assert.deepEqual([timing.calibration.machine, timing.calibration.own], ["this", true]);
  assert.equal(timing.points.length, 2, "a probe is no point");
});

test("what cannot be loaded in time is left out and told of", { skip }, async () => {
  const { timing, notVerified } = await timed({
    sweep: { paths: ["iptables-legacy"], services: [1, 10, 100] },
    budgetMs: 0,
  });
  assert.deepEqual(
    notVerified.map(({ what, reason }) => `${what} ${reason}`),
    ["iptables-legacy OUT_OF_TIME"],
  );
  assert.ok(timing.points.every(({ services }) => services <= 10));
});

test("an abort ends it with the signal's reason", { skip }, async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  await assert.rejects(
    timed({
      signal: stop.signal,
      onProgress: (text) => {
        if (text.startsWith("timing")) stop.abort(reason);
      },
    }),
    reason,
  );
});
