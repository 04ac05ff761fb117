import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { realTimers } from "../../base/timers.js";
import { findCapabilities } from "../../kernel/host/capabilities.js";
import type { KernelRecord } from "../../measure/kernel-record.js";
import type { RunRecord } from "../../measure/run-record.js";
import { plumb, PLUMB_PROGRAM } from "../plumb.test-data.js";

/** On a machine where no program is on PATH: no Go, no ip, no nft. */
function plumbAlone(...args: readonly string[]) {
  return spawnSync(process.execPath, [PLUMB_PROGRAM, ...args], {
    encoding: "utf8",
    env: { ...process.env, PATH: "", NODE_OPTIONS: "", NO_COLOR: "1" },
  });
}

test("verify scheduler says that nothing was verified and exits 0, without Go", () => {
  const { status, stdout } = plumbAlone("verify", "scheduler");
  assert.equal(status, 0);
  assert.match(stdout, /^not verified \(TOOL_MISSING\): .*\nhint: install Go/);
  const asJson = plumbAlone("verify", "scheduler", "--json").stdout;
  assert.deepEqual(Object.values(JSON.parse(asJson) as object).slice(0, 2), ["not verified", "TOOL_MISSING"]);
});

test("verify scheduler --require exits 15 without Go, and says what to install", () => {
  const { status, stderr } = plumbAlone("verify", "scheduler", "--require");
  assert.equal(status, 15);
  assert.match(stderr, /there is no go on PATH\nhint: install Go/);
});

test("verify scheduler refuses ranges and numbers that mean nothing", () => {
  assert.equal(plumb(["verify", "scheduler", "--nodes", "9..3"]).code, 2);
  assert.equal(plumb(["verify", "scheduler", "--pods", "0"]).code, 2);
});

const skip =
  process.env["PLUMB_GO_PEER"] === "1"
    ? false
    : "set PLUMB_GO_PEER=1 where Go is installed; the first build takes minutes";

test("verify scheduler finds upstream's decisions equal to ours", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-verify-"));
  const caseFile = join(folder, "case.json");
  try {
    const args = ["verify", "scheduler", "--pods", "200", "--nodes", "20..60", "--case", caseFile, "--json"];
    const { code, stdout } = plumb(args);
    const result = JSON.parse(stdout) as { status: string; agreed: number; failure: unknown };
    assert.deepEqual([code, result.status, result.agreed, result.failure], [0, "equal", 200, null]);
    assert.ok(!existsSync(caseFile));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("verify says what no kernel could be verified with, and exits 0, or 15 when one is required", () => {
  const output = mkdtempSync(join(tmpdir(), "plumb-verify-"));
  try {
    const { status, stdout } = plumbAlone("verify", "quick", "-o", join(output, "alone"));
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^not verified: kernel \(TOOL_MISSING\): .*ip \(Debian: iproute2\)/m);
    assert.match(stdout, /^Not verified against a kernel: /m);
    const record = readFileSync(join(output, "alone", "result.json"), "utf8");
    assert.equal((JSON.parse(record) as RunRecord).verification.state, "not-verified");
    const required = plumbAlone("verify", "quick", "--kernel", "required", "-o", join(output, "required"));
    assert.equal(required.status, 15);
    assert.match(required.stderr, /^Cannot verify: .*\nhint: TOOL_MISSING; plumb doctor/);
    assert.ok(!existsSync(join(output, "required")));
  } finally {
    rmSync(output, { recursive: true });
  }
});

test("verify refuses paths and counts that mean nothing", () => {
  const unknown = plumb(["verify", "quick", "--paths", "ebpf"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /'ebpf' is none of iptables-legacy, iptables-nft, nftables, ipset, ipvs/);
  assert.equal(plumb(["verify", "quick", "--flows", "0"]).code, 2);
  assert.equal(plumb(["verify", "no-such-preset"]).code, 2);
});

const { paths } = await findCapabilities(realTimers);
const noNft = paths.includes("nftables")
  ? false
  : "nftables rules cannot be loaded here: plumb doctor says why";

test("verify --dry-run prints every command and runs none", { skip: noNft }, () => {
  const { code, stdout } = plumb(["verify", "quick", "--paths", "nftables", "--dry-run"]);
  assert.equal(code, 0);
  assert.match(stdout, /^# nftables, IPv4, every kind of Service: 14000 flows$/m);
  assert.match(stdout, /^ip netns exec plumb-1-node nft -f - {4}# \d+ lines of rules$/m);
});

test("verify puts a scenario's rules into the kernel and writes what it found", { skip: noNft }, () => {
  const output = mkdtempSync(join(tmpdir(), "plumb-verify-"));
  try {
    const args = ["verify", "quick", "--paths", "nftables", "--flows", "200", "--json", "-o", output];
    const { code, stdout, stderr } = plumb(args);
    assert.equal(code, 0, stderr);
    const { behaviour } = JSON.parse(stdout) as KernelRecord;
    assert.deepEqual(
      behaviour.map(({ family, cluster, flows, agreed }) => [family, cluster, flows, agreed]),
      [
        ["IPv4", "every kind of Service", 140, 140],
        ["IPv6", "every kind of Service", 30, 30],
        ["IPv4", "quick", 30, 30],
      ],
    );
    const again = plumb(["verify", output, "--paths", "nftables", "--flows", "20", "--seed", "7"]);
    assert.equal(again.code, 0, again.stderr);
    const record = JSON.parse(readFileSync(join(output, "result.json"), "utf8")) as RunRecord;
    assert.deepEqual([record.verification.state, record.kernelVerification?.seed], ["verified", 7]);
  } finally {
    rmSync(output, { recursive: true });
  }
});
