// The probes of ip_vs in a user-mode Linux, where Debian's user-mode-linux is installed.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import { realTimers } from "../../base/timers.js";
import { injectorProgram } from "../injector/build.js";
import { findUserModeLinux } from "../user-mode/installation.js";
import { UserModeKernel } from "../user-mode/user-mode-kernel.js";
import { timeIpvsProbes } from "./calibrate-ipvs.js";
import { IPVS_PACING } from "./ipvs-pacing.js";

const installation = findUserModeLinux();
const skip = whyNot();

function whyNot(): string | false {
  if ("reason" in installation) return installation.detail;
  try {
    injectorProgram("pace");
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

test("virtual services are timed beside the controls, one and many, and leave nothing behind", {
  skip,
}, async (context) => {
  assert.ok(!("reason" in installation));
  const folder = mkdtempSync(join(tmpdir(), "plumb-ipvs-"));
  const kernel = { installation, folder, timers: realTimers, memoryMiB: 512, kernelArguments: [] };
  const host = await UserModeKernel.boot(kernel);
  try {
    const pacing = { ...IPVS_PACING, seed: 1, rounds: 1, passes: 3 };
    const times = await timeIpvsProbes(host, { pacing, sizes: [1, 8], onProgress: () => undefined });
    assert.deepEqual(
      [...times.keys()].sort(),
      ["first", "established"]
        .flatMap((packet) => [
          `none ${packet} fixed`,
          `conntrack ${packet} fixed`,
          `iptables-legacy hooks ${packet} fixed`,
          `ipvs 1 ${packet} fixed`,
          `ipvs 8 ${packet} fixed`,
          `ipvs 8 ${packet} spread`,
        ])
        .sort(),
    );
    for (const [key, ns] of times) assert.ok(ns > 0, `${key}: ${ns} ns`);
    const { stdout } = await host.run({ argv: ["ip", "netns", "list"] });
    assert.doesNotMatch(stdout, /probe/);
  } catch (error) {
    // Neighbours on the machine: there is no telling how long a packet takes.
    if (!(error instanceof PlumbError) || !error.message.includes("chunks count")) throw error;
    context.skip(error.message);
  } finally {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
