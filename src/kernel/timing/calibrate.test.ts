// A few probes in a real kernel. No claim about prices: the machine may be doing anything else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "../../base/clock.js";
import { recordedCalibration } from "../../calibration/calibration-file.js";
import { calibrationProbes } from "../../calibration/primitives/index.js";
import type { Probe } from "../../calibration/primitives/probe.js";
import { findCapabilities } from "../host/capabilities.js";
import { Sandbox } from "../host/sandbox.js";
import { calibrate, timeProbes } from "./calibrate.js";

const { privilege, paths } = await findCapabilities(realClock);
const skip =
  privilege === "root" && paths.includes("iptables-legacy")
    ? false
    : "needs root and iptables-legacy: elsewhere times are not comparable";

const PACING = { seed: 1, cpu: "last", rounds: 2, passes: 2 } as const;

async function inSandbox<T>(run: (host: Sandbox) => Promise<T>): Promise<T> {
  const host = await Sandbox.open("root", realClock);
  try {
    return await run(host);
  } finally {
    await host.close();
  }
}

test("probes of one flavour are timed beside the controls, all of a refused one are left out", {
  skip,
}, async () => {
  const wanted = ["iptables-legacy hooks", "iptables-legacy dnat", "iptables-legacy cold 64"];
  const probes = calibrationProbes().filter(({ id }) => wanted.includes(id));
  const [hooks] = probes as [Probe];
  const text = { part: "iptables", text: () => ["*filter\n-A NOWHERE -j ACCEPT\nCOMMIT\n"] } as const;
  const bad: Probe = { ...hooks, id: "bad", loader: "iptables-nft", texts: [text] };
  const { times, refused, controls } = await inSandbox((host) =>
    timeProbes(host, [...probes, { ...hooks, id: "good", loader: "iptables-nft" }, bad], {
      pacing: PACING,
      onProgress: () => undefined,
    }),
  );
  assert.deepEqual([...times.keys()].toSorted(), [
    "conntrack established fixed",
    "conntrack first fixed",
    "iptables-legacy cold 64 first fixed",
    "iptables-legacy cold 64 first spread",
    "iptables-legacy dnat established fixed",
    "iptables-legacy dnat first fixed",
    "iptables-legacy hooks established fixed",
    "iptables-legacy hooks first fixed",
    "none established fixed",
    "none first fixed",
  ]);
  for (const [key, ns] of times) assert.ok(ns > 0, key);
  assert.deepEqual(
    refused.map(({ flavour }) => flavour),
    ["iptables-nft"],
  );
  assert.match(refused[0]?.why ?? "", /NOWHERE|line 2/);
  assert.equal(controls.length, 4);
});

test("calibrate ends with the signal's reason", { skip }, async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const about = { machine: "", fingerprint: null, measuredAt: "", recorded: recordedCalibration() };
  await assert.rejects(
    inSandbox((host) =>
      calibrate(host, about, {
        pacing: PACING,
        signal: stop.signal,
        openIpvs: () => assert.fail("it ended"),
        onProgress: () => stop.abort(reason),
      }),
    ),
    reason,
  );
});
